package answer

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func (r *Reader) finish(complete bool) Report {
	s := &r.state
	if r.decoder != nil {
		r.uncoded = r.decoder.close()
	}
	if r.framer == nil && len(r.head) > 0 {
		r.framer = r.newFramer(r.head, true)
		r.framer.write(r.head)
	}
	if r.framer != nil {
		r.framer.close()
	}
	if r.uncoded != nil && complete {
		s.ignore(r.uncoded.Error())
	}
	report := s.report()
	if header := s.readHeader(r.header); header != nil {
		report.fillIn(header)
	}
	if report.Cached != nil && *report.Cached {
		// DSPy keeps the cost of the call that filled the cache, and programs the usage.
		report.Saved = report.Tokens
		report.Tokens, report.Models, report.Model, report.Cost = Tokens{}, nil, "", nil
	}
	report.sumCalls()
	report.nameModel()
	report.Whole = s.whole || s.complete()
	report.Cut = complete && s.streamed && !s.complete() && !s.tooLong && r.uncoded == nil
	report.Missing = r.missing(&report, complete)
	report.Ignored = s.ignored
	return report
}

// report returns what the body of the answer says.
func (s *state) report() Report {
	r := Report{
		Cached: s.cached, Failed: s.failed, ErrorType: s.errorType, Content: s.content, Ended: s.complete(), Finish: s.finished,
		Scores: s.scores, ModelCalls: s.calls, ToolCalls: s.toolCalls, ParseFailures: s.parseFailures,
		Finishes: s.finishes,
	}
	if !s.severalModels {
		r.Model = s.model
	}
	if !s.severalTiers {
		r.ServiceTier = tierName(s.tier)
	}
	total := s.spent(&r)
	r.Tokens = total.tokens
	r.Cost = cmp.Or(s.costUSD.pointer(), s.cost.pointer(), total.cost.pointer())
	return r
}

// spent returns what was spent on all of the answer: what it says of all of
// itself, or else the sum of its completions.
func (s *state) spent(r *Report) spent {
	u := &s.usage
	total := u.own.spent()
	for _, m := range u.models {
		total.add(m.spent)
	}
	total.add(u.rest)
	if !total.tokens.Stated() {
		sum, some := s.completions.spent()
		if some {
			s.ignore("usage of more completions than can be distinguished")
		}
		sum.cost = cmp.Or(total.cost, sum.cost)
		total = sum
	}
	sensible := s.sensible(&total)
	if sensible && len(u.models) > 0 {
		r.Models = make([]Spending, len(u.models))
		for i, m := range u.models {
			r.Models[i] = Spending{Model: m.name, Tokens: m.tokens, Cost: m.cost.pointer(), ServiceTier: m.tier}
		}
	}
	return total
}

// sensible takes sums out that are too large, and reports whether there are none.
func (s *state) sensible(total *spent) bool {
	sensible := true
	for i, tokenType := range tokenTypes() {
		if total.tokens[i].N > maxCount {
			s.ignore("the sum of " + string(tokenType) + " tokens is too large")
			total.tokens[i] = Count{}
			sensible = false
		}
	}
	if total.cost.usd > maxCost {
		s.ignore("the sum of costs is too large")
		total.cost, sensible = cost{}, false
	}
	return sensible
}

// fillIn states what the header does and the body does not. The two are never
// added up, and of tokens that is so by type.
func (r *Report) fillIn(header *Report) {
	for i, stated := range header.Tokens {
		if !r.Tokens[i].Stated {
			r.Tokens[i] = stated
		}
	}
	r.Cost = cmp.Or(r.Cost, header.Cost)
	r.Cached = cmp.Or(r.Cached, header.Cached)
	r.Calls, r.CacheHits, r.CacheMisses = header.Calls, header.CacheHits, header.CacheMisses
	r.ToolCalls = cmp.Or(r.ToolCalls, header.ToolCalls)
	r.ParseFailures = cmp.Or(r.ParseFailures, header.ParseFailures)
	if r.Scores == nil {
		r.Scores = header.Scores
	}
	if r.ModelCalls == nil {
		r.ModelCalls = header.ModelCalls
	}
	if r.Finishes == nil {
		r.Finishes = header.Finishes
	}
}

// sumCalls states the calls where only those of the models are stated.
func (r *Report) sumCalls() {
	if r.Calls != nil || len(r.ModelCalls) == 0 {
		return
	}
	sum := int64(0)
	for _, n := range r.ModelCalls {
		sum += n // of few that are each of a sensible size
	}
	r.Calls = &sum
}

// nameModel gives all that was spent to the only model that was called, where the
// answer names the models of its calls and not those of its tokens, as a header does.
func (r *Report) nameModel() {
	if len(r.ModelCalls) != 1 || len(r.Models) > 0 || r.Model != "" || !r.Tokens.Stated() && r.Cost == nil {
		return
	}
	for name, n := range r.ModelCalls {
		if n > 0 && n == *r.Calls {
			r.Models = []Spending{{Model: name, Tokens: r.Tokens, Cost: r.Cost, ServiceTier: r.ServiceTier}}
		}
	}
}

// missing returns why the tokens that were spent are not known, or nothing if
// they are, or if there can be none: the answer is an error, has no body, came
// from the program's cache, or says that nothing was spent on it.
//
// An answer that was cut off may have stated tokens before. They are all that is
// known of it, and count as known if they were stated with its content: Anthropic
// states the input before, and a first guess of the output.
func (r *Reader) missing(report *Report, complete bool) otelmetrics.UsageReason {
	s := &r.state
	whole := complete && !report.Cut || s.ended
	switch {
	case r.status < http.StatusOK || r.status >= http.StatusMultipleChoices,
		r.status == http.StatusNoContent, r.status == http.StatusResetContent, report.Failed,
		report.Cached != nil && *report.Cached, report.spentNothing(),
		s.usage.nothing && !report.Tokens.Stated(),
		report.Tokens.Stated() && (whole || s.lateUsage):
		return ""
	case s.tooLong, errors.Is(r.uncoded, errTooLarge):
		return otelmetrics.UsageTooLarge
	case errors.Is(r.uncoded, errCoding):
		return otelmetrics.UsageUnreadable
	case !whole:
		return otelmetrics.UsageCutOff
	case r.uncoded != nil, s.malformed, s.usage.misread:
		return otelmetrics.UsageUnreadable
	default:
		return otelmetrics.UsageNotStated
	}
}

// spentNothing reports whether no model was called, or all calls were answered by
// the program's cache.
func (r *Report) spentNothing() bool {
	return r.Calls != nil && *r.Calls == 0 || r.CacheMisses != nil && *r.CacheMisses == 0
}
