package otelmetrics

import (
	"math"
	"slices"
)

// Prices tell what tokens cost where nobody states it: package prices reads a list
// of them.
type Prices interface {
	// Cost returns what was spent on a model, in US dollars, or false if a price of
	// any part of it is not known. It is called concurrently, at the end of
	// predictions, which it must not delay. spent must not be changed or kept.
	Cost(model Model, spent Spent) (usd float64, priced bool)
}

// Spent is what a prediction spent on one model.
type Spent struct {
	// Tokens by type. Cache reads and writes are parts of the input, and reasoning
	// is a part of the output.
	Tokens map[TokenType]int64
	// Calls of the model, or 0 if their number is not known. Only of one call do
	// the tokens say how long its context was.
	Calls int64
	// ServiceTier is what the provider calls the way in which it answered, such as
	// flex, priority or batch, or empty.
	ServiceTier string
}

// WithPrices adds what a prediction cost to dspy_cost_usd_total at its end, as
// source="local", where nobody has stated it: by [Prediction.AddCost] for the
// prediction, or by [Prediction.AddModelCost] for a model. The tokens are those of
// [Prediction.AddTokens] and [Prediction.AddModelTokens] before the end. A
// prediction that spent tokens of an unknown price counts once as unpriced in
// dspy_usage_missing_total.
//
// Prices of long contexts need to know that there was one call, so use
// [Prediction.AddLMCalls]; prices of service tiers need [Prediction.SetServiceTier].
// A prediction that spends tokens allocates with this option. Prices that panic know
// no price; the first panic is logged. By default, if this option is not used or
// with nil, no cost is reckoned.
func WithPrices(prices Prices) Option {
	return optionFunc(func(c *config) { c.prices = prices })
}

// SetServiceTier says in which service tier the calls of the prediction were
// answered, for [WithPrices]: what the member service_tier of an answer says, such
// as flex, priority or batch. It holds for the whole prediction.
func (p *Prediction) SetServiceTier(tier string) {
	if b := p.openBill(); b != nil {
		b.tier = tier
		p.notes.release()
	}
}

// billed reports whether the prediction keeps a bill.
func (p *Prediction) billed() bool {
	return p != nil && p.predictor != nil && p.predictor.recorder.pipeline.prices != nil
}

// bill is what a prediction has spent until its end.
type bill struct {
	model  Model // of the prediction
	items  []billItem
	tier   string
	stated bool // somebody stated what the whole costs
}

// billItem is what was spent on a model.
type billItem struct {
	model  Model
	spent  Spent
	stated bool // somebody stated what it costs
}

// item returns that of a model.
func (b *bill) item(model Model) *billItem {
	at := slices.IndexFunc(b.items, func(known billItem) bool { return known.model == model })
	if at < 0 {
		at = len(b.items)
		b.items = append(b.items, billItem{model: model, spent: Spent{Tokens: make(map[TokenType]int64)}})
	}
	return &b.items[at]
}

// openBill returns the bill to write on and then to release, or nil if there is
// none: without prices, and after the end.
func (p *Prediction) openBill() *bill {
	if !p.billed() {
		return nil
	}
	p.notes.hold()
	if p.notes.ended.Load() {
		p.notes.release()
		return nil
	}
	if p.notes.bill == nil {
		p.notes.bill = &bill{model: p.predictor.recorder.pipeline.model}
	}
	return p.notes.bill
}

// billModel notes the model of the prediction.
func (p *Prediction) billModel(model Model) {
	if b := p.openBill(); b != nil {
		b.model = model
		p.notes.release()
	}
}

// billOwn adds to what the prediction's own model spent.
func (p *Prediction) billOwn(what TokenType, tokens, calls int64) {
	if b := p.openBill(); b != nil {
		b.item(b.model).add(what, tokens, calls)
		p.notes.release()
	}
}

// billOf adds to what a model spent.
func (p *Prediction) billOf(model Model, what TokenType, tokens, calls int64) {
	if b := p.openBill(); b != nil {
		b.item(model).add(what, tokens, calls)
		p.notes.release()
	}
}

func (i *billItem) add(what TokenType, tokens, calls int64) {
	if tokens > 0 {
		i.spent.Tokens[what] += min(tokens, math.MaxInt64-i.spent.Tokens[what])
	}
	i.spent.Calls += min(max(calls, 0), math.MaxInt64-i.spent.Calls)
}

// billStated notes that somebody has stated what all of the prediction costs.
func (p *Prediction) billStated(usd float64) {
	if b := p.openBill(); b != nil {
		b.stated = b.stated || isCost(usd)
		p.notes.release()
	}
}

// billStatedOf notes that somebody has stated what a model costs.
func (p *Prediction) billStatedOf(model Model, usd float64) {
	if b := p.openBill(); b != nil {
		item := b.item(model)
		item.stated = item.stated || isCost(usd)
		p.notes.release()
	}
}

// isCost reports whether a cost makes sense, which it does if it is zero.
func isCost(usd float64) bool { return usd >= 0 && !math.IsInf(usd, 1) }

// settle adds what nobody has stated, at the end.
func (p *Prediction) settle() {
	if !p.billed() {
		return
	}
	p.notes.hold() // what is added from now on comes after the end
	b := p.notes.bill
	p.notes.bill = nil
	p.notes.release()
	if b == nil || b.stated {
		return
	}
	r, priced := p.predictor.recorder, true
	for _, item := range b.items {
		if item.stated || len(item.spent.Tokens) == 0 {
			continue
		}
		item.spent.ServiceTier = b.tier
		usd, ok := r.pipeline.price(item.model, item.spent)
		if ok {
			r.recordCost(p.ctx, p.predictor.kind, item.model.label(), CostByPriceList, usd)
		}
		priced = priced && ok
	}
	if !priced {
		r.RecordUsageMissing(p.ctx, UsageUnpriced)
	}
}

// price asks the user's prices.
func (p *pipeline) price(model Model, spent Spent) (usd float64, priced bool) {
	usd = guard(p, "WithPrices", -1, func() float64 {
		if usd, priced := p.prices.Cost(model, spent); priced {
			return usd
		}
		return -1
	})
	return usd, usd >= 0
}
