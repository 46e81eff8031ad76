// Package genai holds what OpenTelemetry's conventions for generative AI say,
// as far as predictions need it. It is the one place that has their names.
//
// The released generation is github.com/open-telemetry/semantic-conventions at
// v1.41.0 (e018fe6): model/gen-ai/metrics.yaml, by way of the package genaiconv
// made from it, and docs/gen-ai/gen-ai-metrics.md for the buckets. Later
// versions of that repository have no such conventions any more.
//
// The new generation is github.com/open-telemetry/semantic-conventions-genai at
// v0.1.0, whose metrics were read at 066d4a7 (model/gen-ai/token-metrics.yaml),
// 004902b (model/gen-ai/metrics.yaml: unit and description of the duration) and
// in the CHANGELOG of v0.1.0 (workflows are recorded on that duration, too, and
// named by gen_ai.agent.name). Of the calls of an invocation the names, units and
// buckets are those of eaefa14; the descriptions are ours.
package genai

import (
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/semconv/v1.41.0/genaiconv"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// The attributes.
const (
	OperationName = semconv.GenAIOperationNameKey
	ProviderName  = semconv.GenAIProviderNameKey
	RequestModel  = semconv.GenAIRequestModelKey
	ResponseModel = semconv.GenAIResponseModelKey
	AgentName     = semconv.GenAIAgentNameKey
	TokenType     = semconv.GenAITokenTypeKey
	TokenModality = attribute.Key("gen_ai.token.modality")
	ErrorType     = semconv.ErrorTypeKey
	ServerAddress = semconv.ServerAddressKey
	ServerPort    = semconv.ServerPortKey
)

// The values of attributes.
const (
	Chat           = "chat"
	InvokeAgent    = "invoke_agent"
	InvokeWorkflow = "invoke_workflow"
	// UnknownModality: the answer does not break its usage down.
	UnknownModality = "unknown"
	// OtherError is the type of an error without a type of its own.
	OtherError = "_OTHER"
)

// OptIn is the value of OTEL_SEMCONV_STABILITY_OPT_IN that asks for the latest
// generation that an instrumentation has (docs/gen-ai/README.md at v1.41.0).
const OptIn = "gen_ai_latest_experimental"

// described is what the instruments of genaiconv tell of themselves.
type described interface {
	Name() string
	Unit() string
	Description() string
}

func histogram(d described, buckets []float64) views.Metric {
	return views.Metric{
		Name: d.Name(), Instrument: d.Name(), Kind: views.Histogram, Float: true,
		Unit: d.Unit(), Description: d.Description(), Buckets: buckets,
	}
}

func seconds() []float64 {
	return []float64{0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92}
}

// OperationDuration is of the released generation.
func OperationDuration() views.Metric {
	return histogram(genaiconv.ClientOperationDuration{}, seconds())
}

// TimeToFirstChunk is of the released generation.
func TimeToFirstChunk() views.Metric {
	return histogram(genaiconv.ClientOperationTimeToFirstChunk{}, seconds())
}

// TokenUsage is of the released generation. Its numbers are whole; OTLP and
// Prometheus have one kind of histogram for both.
func TokenUsage() views.Metric {
	return histogram(genaiconv.ClientTokenUsage{}, []float64{
		1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
	})
}

// InvocationDuration is of the new generation.
func InvocationDuration() views.Metric {
	const name = "gen_ai.invoke_agent.duration"
	return views.Metric{
		Name: name, Instrument: name, Kind: views.Histogram, Float: true, Unit: "s",
		Description: "The end-to-end duration of a single agent invocation, from the moment the invocation starts " +
			"until the agent emits the last chunk of its final response or terminates with an error.",
		Buckets: []float64{0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6},
	}
}

// InferenceCalls is of the new generation. Of an invocation it counts the calls of
// language models.
func InferenceCalls() views.Metric {
	return calls("inference_call", "How many times an agent asked language models in one invocation.")
}

// ToolCalls is of the new generation.
func ToolCalls() views.Metric {
	return calls("tool_call", "How many times an agent called tools in one invocation.")
}

func calls(what, description string) views.Metric {
	name := "gen_ai.invoke_agent." + what + "s"
	return views.Metric{
		Name: name, Instrument: name, Kind: views.Histogram, Float: true, Unit: "{" + what + "}", Description: description,
		Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128},
	}
}

// Usage are the token counters of the new generation. Those of the caches and of
// reasoning are parts of the first two.
func Usage() map[string]views.Metric {
	counter := func(name, description string) views.Metric {
		name = "gen_ai.client.inference.usage." + name
		return views.Metric{
			Name: name, Instrument: name, Kind: views.Counter,
			Unit: "{token}", Description: description,
		}
	}
	return map[string]views.Metric{
		views.TokensInput:      counter("input_tokens", "The number of input (prompt) tokens used, including cached tokens."),
		views.TokensOutput:     counter("output_tokens", "The number of output (completion) tokens used, including reasoning tokens."),
		views.TokensCacheRead:  counter("cache_read.input_tokens", "The number of input tokens served from a provider-managed cache."),
		views.TokensCacheWrite: counter("cache_write.input_tokens", "The number of input tokens written to a provider-managed cache."),
		views.TokensReasoning: counter("reasoning.output_tokens",
			"The number of output tokens used for reasoning (e.g. chain-of-thought, extended thinking)."),
	}
}

// Labels are the attributes whose values come from outside, in the order of the
// fields of a model and then the error. Their budgets are per process.
func Labels() []views.Label {
	return []views.Label{
		{Key: string(ProviderName), Budget: 32},
		{Key: string(RequestModel), Budget: 64},
		{Key: string(ResponseModel), Budget: 64},
		{Key: string(ServerAddress), Budget: 16},
		{Key: string(ErrorType), Budget: 32},
	}
}
