package otelmetrics

import (
	"fmt"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/genai"
)

// GenAI chooses generations of OpenTelemetry's semantic conventions for
// generative AI, whose gen_ai.* metrics are emitted beside those of the
// contract. The conventions are in development: these metrics are not part of
// the contract, and follow the generation that they are of. docs/genai.md says
// what becomes of a prediction.
type GenAI uint8

// The generations. Both together are GenAIReleased | GenAINew.
const (
	// GenAIReleased is that of OpenTelemetry's core conventions at v1.41.0, the
	// last with generative AI in them, which most tools and dashboards read.
	GenAIReleased GenAI = 1 << iota
	// GenAINew is that of semantic-conventions-genai at v0.1.0.
	GenAINew
)

// WithGenAI also emits the metrics of OpenTelemetry's conventions for generative
// AI for the same predictions; zero emits none. By default, if this option is
// not used, they are off, unless OTEL_SEMCONV_STABILITY_OPT_IN has
// gen_ai_latest_experimental in its list: that is [GenAINew].
func WithGenAI(generations GenAI) Option {
	return optionFunc(func(c *config) { c.genAI = &generations })
}

// WithModel sets the model of predictions that do not say theirs by
// [Prediction.SetModel] or in a [Usage], for the label model, for [WithGenAI] and for
// [WithPrices].
// By default, if this option is not used, it is not known.
func WithModel(model Model) Option {
	return optionFunc(func(c *config) { c.model = model })
}

// readGenAI reads the variable that the conventions have for their transition.
// It is one for conventions of all kinds, so that other values are legal.
func (c *config) readGenAI(e *environment) {
	conventions := e.value("OTEL_SEMCONV_STABILITY_OPT_IN")
	if c.genAI != nil {
		return
	}
	c.genAI = new(GenAI)
	for value := range strings.SplitSeq(conventions, ",") {
		if strings.TrimSpace(value) == genai.OptIn {
			*c.genAI = GenAINew
		}
	}
}

func (g GenAI) validate() error {
	if g&^(GenAIReleased|GenAINew) != 0 {
		return fmt.Errorf("%d is no generation; use GenAIReleased, GenAINew or both", g)
	}
	return nil
}
