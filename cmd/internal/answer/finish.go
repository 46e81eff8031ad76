package answer

// FinishReason is why a model stopped, in the words of the contract.
type FinishReason string

// The finish reasons.
const (
	FinishStop          FinishReason = "stop"
	FinishLength        FinishReason = "length"
	FinishToolCalls     FinishReason = "tool_calls"
	FinishContentFilter FinishReason = "content_filter"
	FinishError         FinishReason = "error"
	FinishOther         FinishReason = "other"
)

// finishReason reads the word of a provider.
func finishReason(v value) FinishReason {
	w := wordOf(v.content())
	switch string(w.text()) {
	case "stop", "endturn", "stopsequence", "complete", "completed", "eos", "eostoken", "word", "finish", "finishreasonstop":
		return FinishStop
	case "length", "maxtokens", "maxoutputtokens", "modellength", "limit", "modelcontextwindowexceeded", "errorlimit":
		return FinishLength
	case "toolcalls", "toolcall", "tooluse", "functioncall":
		return FinishToolCalls
	case "contentfilter", "contentfiltered", "safety", "recitation", "blocklist", "prohibitedcontent", "spii", "imagesafety",
		"refusal", "guardrailintervened", "errortoxic", "sensitive", "contentpolicy":
		return FinishContentFilter
	case "error", "failed", "timeout", "insufficientsystemresource", "networkerror":
		return FinishError
	default:
		return FinishOther
	}
}

// finish notes why a model stopped. Some providers say by that word alone that
// they failed.
func (s *state) finish(word value) {
	reason := finishReason(word)
	s.finished = reason
	if reason == FinishError {
		s.fail(wordType(word))
	}
}
