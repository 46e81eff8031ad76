package service

import (
	"cmp"
	"strings"

	"github.com/tidwall/gjson"
	"go.opentelemetry.io/otel/semconv/v1.41.0/genaiconv"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/answer"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// ParseModel reads the name of a model as DSPy and LiteLLM write it, with the
// provider before the first slash. A name without a slash has none.
func ParseModel(text string) otelmetrics.Model {
	provider, name, ok := strings.Cut(text, "/")
	if !ok {
		return otelmetrics.Model{Name: text}
	}
	return otelmetrics.Model{Provider: providerName(provider), Name: name}
}

// providerName returns the well-known gen_ai.provider.name for a provider of
// LiteLLM (https://docs.litellm.ai/docs/providers); others go by their own name.
func providerName(prefix string) string {
	known := genaiconv.ProviderNameAttr(prefix)
	switch prefix {
	case "text-completion-openai":
		known = genaiconv.ProviderNameOpenAI
	case "azure", "azure_text":
		known = genaiconv.ProviderNameAzureAIOpenAI
	case "azure_ai":
		known = genaiconv.ProviderNameAzureAIInference
	case "bedrock", "bedrock_converse":
		known = genaiconv.ProviderNameAWSBedrock
	case "gemini":
		known = genaiconv.ProviderNameGCPGemini
	case "vertex_ai", "vertex_ai_beta":
		known = genaiconv.ProviderNameGCPVertexAI
	case "cohere_chat":
		known = genaiconv.ProviderNameCohere
	case "mistral":
		known = genaiconv.ProviderNameMistralAI
	case "watsonx", "watsonx_text":
		known = genaiconv.ProviderNameIBMWatsonxAI
	case "xai":
		known = genaiconv.ProviderNameXAI
	case "moonshot":
		known = "moonshot_ai" // newer than the package
	}
	return string(known)
}

// model is [ParseModel] with the provider of the configured model for names
// without one.
func (s *Service) model(text string) otelmetrics.Model {
	m := ParseModel(text)
	if m != (otelmetrics.Model{}) {
		m.Provider = cmp.Or(m.Provider, s.Model.Provider)
	}
	return m
}

// requested returns the model that a request in the shape of OpenAI's APIs asks
// for, as it is written. In other requests, a member of that name may be an input.
func requested(body []byte) string {
	named := gjson.GetBytes(body, "model").Str
	if named == "" {
		return ""
	}
	for _, member := range []string{"messages", "input", "prompt"} {
		if gjson.GetBytes(body, member).Exists() {
			return named
		}
	}
	return ""
}

// asked returns the model that was asked for the answer, as far as request and
// configuration say it, with the name that the answer has for it.
func (s *Service) asked(e *exchange, report answer.Report) otelmetrics.Model {
	asked := s.Model
	if e.model != (otelmetrics.Model{}) {
		asked = e.model
	}
	asked.ResponseName = report.Model
	return asked
}

// recordSpending adds the tokens and the cost of an answer: those of a named model
// to it, and the rest to the one that was asked for.
func (s *Service) recordSpending(e *exchange, report answer.Report) {
	asked := s.asked(e, report)
	whole := asked // the model of the whole prediction
	rest := 0.0    // of the cost
	if report.Cost != nil {
		rest = *report.Cost
	}
	tokensLeft := tokens(report.Tokens)
	for _, spending := range report.Models {
		whole = s.model(spending.Model)
		usage := otelmetrics.Usage{Model: whole, Tokens: tokens(spending.Tokens)}
		if spending.Cost != nil {
			usage.CostUSD, usage.CostSource = *spending.Cost, otelmetrics.CostByProvider
			rest -= *spending.Cost
		}
		e.prediction.AddUsage(usage)
		tokensLeft = without(tokensLeft, usage.Tokens)
	}
	e.prediction.AddUsage(otelmetrics.Usage{Model: asked, Tokens: tokensLeft})
	if len(report.Models) > 1 {
		whole = otelmetrics.Model{}
	}
	e.prediction.SetModel(whole)
	if len(report.Models) == 1 {
		asked = whole // The only model that was asked has cost it all.
	}
	const rounding = 1e-12 // of the sum, which is one of fractions
	if report.Cost != nil && rest > rounding**report.Cost {
		e.prediction.AddUsage(otelmetrics.Usage{Model: asked, CostUSD: rest, CostSource: otelmetrics.CostByProvider})
	}
}

// tokens returns the counts of an answer, 0 for what it does not state.
func tokens(stated answer.Tokens) otelmetrics.Tokens {
	return otelmetrics.Tokens{
		Input: stated.Of(otelmetrics.TokensInput), Output: stated.Of(otelmetrics.TokensOutput),
		CacheRead: stated.Of(otelmetrics.TokensCacheRead), CacheWrite: stated.Of(otelmetrics.TokensCacheWrite),
		Reasoning: stated.Of(otelmetrics.TokensReasoning),
	}
}

// without returns what a part leaves of a whole.
func without(whole, part otelmetrics.Tokens) otelmetrics.Tokens {
	return otelmetrics.Tokens{
		Input: whole.Input - part.Input, Output: whole.Output - part.Output,
		CacheRead: whole.CacheRead - part.CacheRead, CacheWrite: whole.CacheWrite - part.CacheWrite,
		Reasoning: whole.Reasoning - part.Reasoning,
	}
}
