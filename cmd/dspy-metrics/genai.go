package main

import (
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// generative holds the flags for the metrics of OpenTelemetry's conventions for
// generative AI.
type generative struct {
	GenAI      string `group:"telemetry" name:"genai" enum:"auto,off,released,new,both" default:"auto" env:"DSPY_METRICS_GENAI" placeholder:"auto|off|released|new|both" help:"Also emit the gen_ai.* metrics of OpenTelemetry's conventions for generative AI: the released version (1.41), the new one, or both. auto follows OTEL_SEMCONV_STABILITY_OPT_IN and is otherwise off (${default})."`
	GenAIModel string `group:"telemetry" name:"genai-model" env:"DSPY_METRICS_GENAI_MODEL" placeholder:"[PROVIDER/]MODEL" help:"Model for the gen_ai.* metrics if neither request nor answer names one, such as openai/gpt-4o-mini. Its provider is also used for names without a provider."`
}

func (g *generative) model() otelmetrics.Model { return service.ParseModel(g.GenAIModel) }

func (g *generative) options() []otelmetrics.Option {
	options := []otelmetrics.Option{otelmetrics.WithModel(g.model())}
	generations := map[string]otelmetrics.GenAI{
		"off": 0, "released": otelmetrics.GenAIReleased, "new": otelmetrics.GenAINew,
		"both": otelmetrics.GenAIReleased | otelmetrics.GenAINew,
	}
	if chosen, ok := generations[g.GenAI]; ok {
		options = append(options, otelmetrics.WithGenAI(chosen))
	}
	return options
}
