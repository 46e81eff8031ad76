// Package prices reads what language models cost from a price list in the format
// of LiteLLM's model_prices_and_context_window.json:
// https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json.
//
//	list, err := prices.Open("prices.json", logger)
//	if err != nil { return err }
//	go list.Watch(ctx)
//	m, err := otelmetrics.New(ctx, otelmetrics.WithPrices(list.Cost))
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
// Each may also stand with a suffix for long contexts, with one for a service
// tier, or with both in this order: input_cost_per_token_above_200k_tokens,
// input_cost_per_token_batches, input_cost_per_token_above_200k_tokens_priority.
// [Price.Cost] says when they hold.
//
// Of the rest, litellm_provider is read, which decides whether a name without a
// provider is the model of a provider that was asked: see [List.Find].
package prices
