package otelmetrics

import (
	"cmp"
	"strings"
)

// Model says which language model was asked, for the label model and the gen_ai.*
// metrics of [WithGenAI]. What is empty is not stated. Like those of every label,
// the values of each field are bounded in number: what is over the budget is
// recorded as other.
//
// The label model is ResponseName or, if that is empty, Name, without what is
// before its last slash, which says who provides the model: openai/gpt-4o,
// openrouter/openai/gpt-4o and gpt-4o are one. So a model that is asked for under
// several spellings is one where the answer says its own name.
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

// SetModel says which model answers, instead of that of [WithModel]. Each call holds for what is recorded from then on, so
// with retries and fallbacks call it for each model that answers, before its tokens are added: the tokens are those of the
// model that spent them, and the duration is that of the last model that answered. A [Usage] that names its model leaves the
// prediction's as it was.
func (p *Prediction) SetModel(model Model) {
	if p != nil && p.predictor != nil {
		p.notes.setModel(model.label(), p.predictor.recorder.modelSeries(model))
		p.billModel(model)
	}
}

// label returns the value of the label model.
func (m Model) label() string {
	name := cmp.Or(m.ResponseName, m.Name)
	if short := name[strings.LastIndexByte(name, '/')+1:]; short != "" {
		return short
	}
	return name
}

// modelName returns the label of the model of predictions that do not say theirs.
func (r *Recorder) modelName() string { return r.pipeline.model.label() }

// modelName returns the label of the prediction's model.
func (p *Prediction) modelName() string {
	if name, _, ok := p.notes.model(); ok {
		return name
	}
	return p.predictor.recorder.modelName()
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
	if _, series, ok := p.notes.model(); ok {
		return series
	}
	return p.predictor.recorder.model
}
