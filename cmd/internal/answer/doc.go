// Package answer reads what the answer of a language model's provider, a gateway
// or a DSPy program says about itself as it passes: tokens by type and model,
// cost, cache hits, why it finished, whether it failed, and whether it is whole.
//
// A dialect is recognized by what the answer is, not by a setting; each has a file
// of its own that fills the same state, so that several dialects in one answer
// never add up. Nothing is guessed: absent is not zero, and what is stated and
// makes no sense is left out and named in [Report.Ignored]. Reading fails nothing
// and keeps no more of an answer than [Options.MaxBytes].
package answer
