package prices

import (
	"cmp"
	"slices"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Price is what the tokens of a model cost. The zero value has no price of any
// token.
type Price struct {
	rates    [parts][]rate
	provider string // litellm_provider, or empty
}

// part is what has a price of its own.
type part int

const (
	input part = iota
	output
	cacheRead  // of the input
	cacheWrite // of the input
	reasoning  // of the output
	parts      // how many there are
)

// rate is what one token costs under conditions.
type rate struct {
	above int64  // if the call's input is of more tokens than that
	tier  string // if the call was of this service tier; empty for any
	usd   float64
}

// Cost returns what the tokens of a usage cost, in US dollars. As in
// [otelmetrics.Tokens], those of the cache are parts of the input, and those of
// reasoning a part of the output. It is not ok if some of them have no price: a part
// would be taken for the whole.
//
// The price of a long context holds for all tokens of a call whose input is above
// its bound. Only of one call is the length known: of several calls, and of an
// unknown number, the price without a bound holds. Of several bounds the highest
// that was passed holds, then the price of the service tier, and the general one
// where the list has none for the tier. Cache reads, cache writes and reasoning
// that have no price cost what the input or the output does.
func (p Price) Cost(spent otelmetrics.Usage) (usd float64, ok bool) {
	tokens := spent.Tokens
	length, tier := int64(0), tierOf(spent.ServiceTier)
	if spent.Calls == 1 {
		length = tokens.Input
	}
	read, write := max(tokens.CacheRead, 0), max(tokens.CacheWrite, 0)
	thought := max(tokens.Reasoning, 0)
	for _, share := range []struct {
		count       int64
		what, whole part
	}{
		{tokens.Input - read - write, input, input},
		{read, cacheRead, input},
		{write, cacheWrite, input},
		{tokens.Output - thought, output, output},
		{thought, reasoning, output},
	} {
		if share.count <= 0 {
			continue
		}
		each, ok := p.rate(share.what, length, tier)
		if !ok {
			each, ok = p.rate(share.whole, length, tier)
		}
		if !ok {
			return 0, false
		}
		usd += float64(share.count) * each
	}
	return usd, true
}

// rate returns the price that holds for a call.
func (p Price) rate(what part, length int64, tier string) (usd float64, ok bool) {
	for _, r := range p.rates[what] {
		if (r.above == 0 || length > r.above) && (r.tier == "" || r.tier == tier) {
			return r.usd, true
		}
	}
	return 0, false
}

// sort puts first what holds before the rest.
func (p *Price) sort() {
	for what := range p.rates {
		slices.SortFunc(p.rates[what], func(a, b rate) int {
			return cmp.Or(cmp.Compare(b.above, a.above), cmp.Compare(b.tier, a.tier))
		})
	}
}

// equal reports whether tokens cost the same.
func (p Price) equal(other Price) bool {
	for what := range p.rates {
		if !slices.Equal(p.rates[what], other.rates[what]) {
			return false
		}
	}
	return true
}
