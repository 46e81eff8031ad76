package otelmetrics

import (
	"math"
	"slices"
)

// WithPrices adds what a prediction cost to dspy_cost_usd_total at its end, as
// source="local", where no [Usage] has stated it. It asks cost once for each model
// and service tier that the prediction has added tokens of before its end. The
// Usage that it gets has the Model, the Tokens, the ServiceTier, and the Calls or 0
// if their number is not known. cost returns US dollars, or priced false if a price
// of any part of it is not known, which counts the prediction once as unpriced in
// dspy_usage_missing_total. Package prices has a cost function that reads a list:
//
//	otelmetrics.WithPrices(list.Cost)
//
// cost is called concurrently, and must not delay the ends of predictions. If it
// panics it knows no price; the first panic is logged. A prediction that spends
// tokens allocates with this option. By default, if this option is not used or with
// nil, no cost is reckoned.
func WithPrices(cost func(Usage) (usd float64, priced bool)) Option {
	return optionFunc(func(c *config) { c.prices = cost })
}

// billed reports whether the prediction keeps a bill.
func (p *Prediction) billed() bool {
	return p != nil && p.predictor != nil && p.predictor.recorder.pipeline.prices != nil
}

// bill is what a prediction has spent until its end.
type bill struct {
	model  Model // of the prediction
	items  []billItem
	stated bool // somebody stated what the whole costs
}

// billItem is what was spent on a model in a service tier.
type billItem struct {
	spent  Usage
	stated bool // somebody stated what the model costs
}

// item returns that of a model in a service tier.
func (b *bill) item(model Model, tier string) *billItem {
	at := slices.IndexFunc(b.items, func(known billItem) bool {
		return known.spent.Model == model && known.spent.ServiceTier == tier
	})
	if at < 0 {
		at = len(b.items)
		b.items = append(b.items, billItem{spent: Usage{Model: model, ServiceTier: tier}})
	}
	return &b.items[at]
}

// open reports whether an item has a price that nobody has stated, in any tier.
func (b *bill) open(item billItem) bool {
	return item.spent.Tokens != (Tokens{}) && !slices.ContainsFunc(b.items, func(other billItem) bool {
		return other.stated && other.spent.Model == item.spent.Model
	})
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

// billTokens adds to what the prediction's own model spent.
func (p *Prediction) billTokens(what TokenType, count int64) {
	b := p.openBill()
	if b == nil {
		return
	}
	defer p.notes.release()
	if tokens := b.item(b.model, "").spent.Tokens.of(what); tokens != nil {
		add(tokens, count)
	}
}

// billUsage adds what a model spent, and notes what somebody has stated.
func (p *Prediction) billUsage(usage Usage) {
	b := p.openBill()
	if b == nil {
		return
	}
	defer p.notes.release()
	stated := usage.statesCost()
	if usage.Model == (Model{}) {
		usage.Model, b.stated = b.model, b.stated || stated
	}
	item := b.item(usage.Model, usage.ServiceTier)
	item.stated = item.stated || stated
	add(&item.spent.Calls, usage.Calls)
	for _, of := range usage.Tokens.counts() {
		add(item.spent.Tokens.of(of.what), of.count)
	}
}

// add adds a count that is not below 0, as far as there is room.
func add(sum *int64, count int64) { *sum += min(max(count, 0), math.MaxInt64-*sum) }

// statesCost reports whether the usage says what it cost: nothing is a cost if
// somebody says so.
func (u Usage) statesCost() bool { return isCost(u.CostUSD) && (u.CostUSD > 0 || u.CostSource != "") }

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
		if !b.open(item) {
			continue
		}
		usd, ok := r.pipeline.price(item.spent)
		if ok {
			r.recordCost(p.ctx, p.predictor.kind, item.spent.Model.label(), CostByPriceList, usd)
		}
		priced = priced && ok
	}
	if !priced {
		r.usage.missing.Get(string(UsageUnpriced)).Add(p.ctx, 1)
	}
}

// price asks the user's prices.
func (p *pipeline) price(spent Usage) (usd float64, priced bool) {
	usd = guard(p, "WithPrices", -1, func() float64 {
		if usd, priced := p.prices(spent); priced {
			return usd
		}
		return -1
	})
	return usd, usd >= 0
}
