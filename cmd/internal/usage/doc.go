// Package usage reads what an answer of a DSPy service says about itself:
// tokens, cost, cache hits and failures. It guesses nothing, so that absent is
// never zero, and it fails nothing: what is stated and makes no sense is left
// out and told in [Report.Ignored].
//
// An answer speaks in three places:
//
//   - its header ([FromHeader]), as the callbacks of a DSPy service write it;
//   - its JSON body ([FromJSON]): the top-level members usage, cost_usd or cost,
//     cached or cache_hit, and error;
//   - its server-sent events ([Stream]), each with the same members, as
//     dspy.streaming.streaming_response writes them or as the chat completions
//     API of OpenAI does.
//
// [Merge] puts body and header together: what the body states wins, field by
// field, and the header fills in the rest. The two are never added up.
//
// A usage is an object in the shape of Prediction.get_lm_usage(), with an object
// for each language model whose counts are added up, or the counts of a single
// model right away. The counts may have the names of OpenAI's chat completions
// and responses APIs, of Anthropic's API, of LiteLLM or of DSPy's LMUsage. Where
// one count comes under several names, one of them is taken.
//
// Bodies must come decoded (Content-Encoding). None of it is safe for concurrent
// use on the same value.
package usage
