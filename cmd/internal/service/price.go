package service

import (
	"cmp"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/answer"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/prices"
)

// recordPrice adds what the tokens of an answer cost by the price list. An answer
// that states a cost has said it all. It reports whether all tokens have a price.
func (s *Service) recordPrice(e *exchange, report answer.Report) bool {
	if s.Prices == nil || report.Cost != nil {
		return true
	}
	priced := true
	rest := otelmetrics.Usage{Tokens: tokens(report.Tokens), ServiceTier: report.ServiceTier}
	if len(report.Models) == 0 {
		rest.Calls = spendingCalls(report)
	}
	for _, spending := range report.Models {
		spent := otelmetrics.Usage{Tokens: tokens(spending.Tokens), ServiceTier: cmp.Or(spending.ServiceTier, report.ServiceTier)}
		switch {
		case len(report.Models) == 1:
			spent.Calls = spendingCalls(report)
		case number(report.CacheHits) == 0: // What a cache answered is not known by model.
			spent.Calls = report.ModelCalls[spending.Model]
		}
		rest.Tokens = without(rest.Tokens, spent.Tokens)
		priced = s.addPrice(e, s.model(spending.Model), s.price(spending.Model, ""), spent) && priced
	}
	price := s.price(cmp.Or(e.named, s.ModelName), report.Model)
	return s.addPrice(e, s.asked(e, report), price, rest) && priced
}

// spendingCalls returns how many calls have spent tokens, or 0 if that is not
// known.
func spendingCalls(report answer.Report) int64 {
	if report.CacheMisses != nil {
		return *report.CacheMisses
	}
	return calls(report)
}

// price returns the price of a model: at the provider of the configured model, as
// that is written, if the name has none of its own, or else at any. A model that is
// not listed has no price of any token.
func (s *Service) price(asked, answered string) prices.Price {
	provider, _, ok := strings.Cut(s.ModelName, "/")
	if ok && asked != "" && !strings.Contains(asked, "/") {
		if price, ok := s.Prices.Find(provider+"/"+asked, answered); ok {
			return price
		}
	}
	price, _ := s.Prices.Find(asked, answered)
	return price
}

// addPrice adds what was spent on a model, and reports whether it is known.
func (s *Service) addPrice(e *exchange, model otelmetrics.Model, price prices.Price, spent otelmetrics.Usage) bool {
	usd, ok := price.Cost(spent)
	if ok {
		e.prediction.AddUsage(otelmetrics.Usage{Model: model, CostUSD: usd, CostSource: otelmetrics.CostByPriceList})
	}
	return ok
}
