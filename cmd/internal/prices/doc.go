// Package prices reads what language models cost from a price list in the format
// of LiteLLM's model_prices_and_context_window.json:
// https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json.
//
// A list is a JSON object of models by their names. Of a model, these members are
// read, all in US dollars for one token:
//
//	input_cost_per_token
//	output_cost_per_token
//	cache_read_input_token_cost
//	cache_creation_input_token_cost
//	output_cost_per_reasoning_token
//
// Everything else is ignored: the provider, which the names contain where it
// matters, and prices that depend on more than the number of tokens, such as those
// of long contexts, of batches and of service tiers, which no answer tells.
package prices
