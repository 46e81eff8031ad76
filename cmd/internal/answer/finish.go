package answer

import "github.com/dspy-metrics/dspy-metrics/otelmetrics"

// finishReason reads the word of a provider.
func finishReason(v value) otelmetrics.FinishReason { return finishWord(v.content()) }

func finishWord(word []byte) otelmetrics.FinishReason {
	w := wordOf(word)
	switch string(w.text()) {
	case "stop", "endturn", "stopsequence", "complete", "completed", "eos", "eostoken", "word", "finish", "finishreasonstop", "endoftext", "stopsequencereached":
		return otelmetrics.FinishStop
	case "length", "maxtokens", "maxoutputtokens", "maximumtokens", "modellength", "limit", "modelcontextwindowexceeded", "errorlimit":
		return otelmetrics.FinishLength
	case "toolcalls", "toolcall", "tooluse", "functioncall":
		return otelmetrics.FinishToolCalls
	case "contentfilter", "contentfiltered", "safety", "recitation", "blocklist", "prohibitedcontent", "spii", "imagesafety",
		"refusal", "guardrailintervened", "errortoxic", "sensitive", "contentpolicy":
		return otelmetrics.FinishContentFilter
	case "error", "failed", "timeout", "insufficientsystemresource", "networkerror":
		return otelmetrics.FinishError
	default:
		return otelmetrics.FinishOther
	}
}

// finish notes why a model stopped. Some providers say by that word alone that
// they failed.
func (s *state) finish(word value) {
	reason := finishReason(word)
	s.finished = reason
	if reason == otelmetrics.FinishError {
		s.fail(wordType(word))
	}
}
