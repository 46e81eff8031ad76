package otelmetrics

import "sync/atomic"

// Model says which language model was asked, for the gen_ai.* metrics of
// [WithGenAI]; nothing else looks at it. What is empty is not stated. Like those
// of every label, the values of each field are bounded in number: what is over
// the budget is recorded as other.
type Model struct {
	// Provider is gen_ai.provider.name: a well-known value of the conventions
	// such as openai, anthropic or aws.bedrock, if one applies. Where the
	// conventions require it and it is empty, it is unknown.
	Provider string
	// Name is gen_ai.request.model: the model that was asked for, as the provider
	// calls it, for example gpt-4o-mini.
	Name string
	// ResponseName is gen_ai.response.model: the model that says it answered, for
	// example gpt-4o-mini-2024-07-18.
	ResponseName string
	// Server is where the provider was asked, host or host:port: server.address
	// and server.port.
	Server string
}

// SetModel says which model makes the prediction, instead of that of
// [WithModel], the first time it is called. It holds for what is recorded from
// then on: call it before [Prediction.FirstToken] and [Prediction.End].
func (p *Prediction) SetModel(model Model) {
	if p != nil && p.predictor != nil {
		p.model.set(p.predictor.recorder.modelSeries(model))
	}
}

// AddModelTokens is [Prediction.AddTokens] for a prediction that asks several
// models: the tokens are those of this one.
func (p *Prediction) AddModelTokens(model Model, what TokenType, count int64) {
	if p != nil && p.predictor != nil {
		r := p.predictor.recorder
		r.recordTokens(p.ctx, p.predictor.kind, r.modelSeries(model), what, count)
	}
}

// modelSeries returns the series of a model, nil if there are none.
func (r *Recorder) modelSeries(m Model) *modelSeries {
	if r.pipeline.models == nil {
		return nil
	}
	return r.pipeline.models.Get(r.values[0], m.Provider, m.Name, m.ResponseName, m.Server)
}

// modelSeries returns those of the prediction's model.
func (p *Prediction) modelSeries() *modelSeries {
	if p.model.state.Load() == modelSet {
		return p.model.series
	}
	return p.predictor.recorder.model
}

// ownModel is set once. An atomic pointer would move every prediction to the
// heap.
type ownModel struct {
	series *modelSeries // written before state says so, and never again
	state  atomic.Uint32
}

const (
	modelClaimed = iota + 1
	modelSet
)

func (m *ownModel) set(series *modelSeries) {
	if m.state.CompareAndSwap(0, modelClaimed) {
		m.series = series
		m.state.Store(modelSet)
	}
}
