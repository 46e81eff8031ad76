package prices

import "go.opentelemetry.io/otel/semconv/v1.41.0/genaiconv"

// prefixOf returns how LiteLLM writes a provider, by its name in OpenTelemetry's
// conventions or in LiteLLM (https://docs.litellm.ai/docs/providers).
func prefixOf(provider string) string {
	switch genaiconv.ProviderNameAttr(provider) {
	case genaiconv.ProviderNameAzureAIOpenAI:
		return "azure"
	case genaiconv.ProviderNameAzureAIInference:
		return "azure_ai"
	case genaiconv.ProviderNameAWSBedrock:
		return "bedrock"
	case genaiconv.ProviderNameGCPGemini:
		return "gemini"
	case genaiconv.ProviderNameGCPVertexAI:
		return "vertex_ai"
	case genaiconv.ProviderNameMistralAI:
		return "mistral"
	case genaiconv.ProviderNameIBMWatsonxAI:
		return "watsonx"
	case genaiconv.ProviderNameXAI:
		return "xai"
	case "moonshot_ai": // newer than the package
		return "moonshot"
	default:
		return provider
	}
}
