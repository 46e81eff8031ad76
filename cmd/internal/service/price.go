package service

import (
	"cmp"
	"maps"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/answer"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/prices"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// recordPrice adds what the tokens of an answer cost by the price list. An answer
// that states a cost has said it all. It reports whether all tokens have a price.
func (s *Service) recordPrice(e *exchange, report answer.Report) bool {
	if s.Prices == nil || report.Cost != nil {
		return true
	}
	priced := true
	rest := make(map[otelmetrics.TokenType]int64)
	maps.Copy(rest, report.Tokens)
	for name, spending := range report.Models {
		for what, count := range spending.Tokens {
			rest[what] -= count
		}
		priced = s.addPrice(e, s.model(name), prices.Names(s.provided(name), ""), spending.Tokens) && priced
	}
	names := prices.Names(s.provided(cmp.Or(e.named, s.ModelName)), report.Model)
	return s.addPrice(e, s.asked(e, report), names, rest) && priced
}

// provided returns the name of a model with the provider of the configured model,
// as that is written, if it has none of its own.
func (s *Service) provided(name string) string {
	provider, _, ok := strings.Cut(s.ModelName, "/")
	if !ok || name == "" || strings.Contains(name, "/") {
		return name
	}
	return provider + "/" + name
}

// addPrice adds what tokens of a model cost, and reports whether it is known.
func (s *Service) addPrice(e *exchange, model otelmetrics.Model, names []string, tokens map[otelmetrics.TokenType]int64) bool {
	price, _ := s.Prices.Price(names) // A model that is not listed has no price of any token.
	usd, ok := price.Cost(tokens)
	if ok {
		e.prediction.AddModelCost(model, otelmetrics.CostByPriceList, usd)
	}
	return ok
}
