package prices

import "github.com/dspy-metrics/dspy-metrics/otelmetrics"

// Price is what the tokens of a model cost, each in US dollars for one token and at
// least 0. A nil field is not in the list.
type Price struct {
	Input, Output         *float64
	CacheRead, CacheWrite *float64 // parts of the input; nil for the price of Input
	Reasoning             *float64 // a part of the output; nil for the price of Output
}

// Cost returns what tokens cost, in US dollars. As in an answer's report, those of
// the cache are parts of the input, and those of reasoning a part of the output.
// It is not ok if some of them have no price: a part would be taken for the whole.
func (p Price) Cost(tokens map[otelmetrics.TokenType]int64) (usd float64, ok bool) {
	read, write := max(tokens[otelmetrics.TokensCacheRead], 0), max(tokens[otelmetrics.TokensCacheWrite], 0)
	reasoning := max(tokens[otelmetrics.TokensReasoning], 0)
	for _, part := range []struct {
		count          int64
		price, instead *float64
	}{
		{tokens[otelmetrics.TokensInput] - read - write, p.Input, nil},
		{read, p.CacheRead, p.Input},
		{write, p.CacheWrite, p.Input},
		{tokens[otelmetrics.TokensOutput] - reasoning, p.Output, nil},
		{reasoning, p.Reasoning, p.Output},
	} {
		if part.count <= 0 {
			continue
		}
		price := part.price
		if price == nil {
			price = part.instead
		}
		if price == nil {
			return 0, false
		}
		usd += float64(part.count) * *price
	}
	return usd, true
}
