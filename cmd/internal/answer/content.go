package answer

import "bytes"

// maxDepth is how deep an object is searched for text. Dialects have theirs in
// less, and deeper ones would take time.
const maxDepth = 8

// hasText reports whether a value contains any text.
func hasText(v value) bool { return search(v, maxDepth, func([]byte) bool { return true }) }

// hasContent reports whether a part of an answer contains anything of what a
// model makes: text, reasoning, arguments of a tool call, a refusal, audio or an
// image, and not just what it says about them, such as a role, a type or a name.
func hasContent(v value) bool {
	return search(v, maxDepth, func(name []byte) bool {
		switch string(name) {
		case "content", "text", "value", "reasoning", "reasoning_content", "reasoning_text", "thinking", "summary", "refusal", "tool_plan",
			"arguments", "input", "partial_json", "data", "transcript", "code", "url", "b64_json", "partial_image_b64", "encrypted_content":
			return true
		default:
			return false
		}
	})
}

// search reports whether a value is a string that is not empty, or contains one
// in a member, by whose name it counts. Elements of an array have the name of the
// array.
func search(v value, depth int, counts func(name []byte) bool) bool {
	switch {
	case v.isString():
		return len(v) > 2
	case depth == 0:
		return false
	}
	for e := v.elements(); e.next(); {
		if search(e.value, depth-1, counts) {
			return true
		}
	}
	for m := v.members(); m.next(); {
		found := false
		switch {
		case m.value.isString():
			found = len(m.value) > 2 && counts(m.name)
		case isVendor(m.name):
		case m.value.isArray():
			for e := m.value.elements(); !found && e.next(); {
				if found = e.value.isString() && counts(m.name) && len(e.value) > 2; !found && !e.value.isString() {
					found = search(e.value, depth-1, counts)
				}
			}
		case bytes.Equal(m.name, []byte("args")), bytes.Equal(m.name, []byte("arguments")):
			found = !m.value.empty() // Gemini's and Ollama's, which are objects
		default:
			found = search(m.value, depth-1, counts)
		}
		if found {
			return true
		}
	}
	return false
}

// isVendor reports whether a member holds what a vendor or a gateway adds.
func isVendor(name []byte) bool {
	switch string(name) {
	case "provider_specific_fields", "logprobs", "usage", "annotations", "metadata", "content_filter_results":
		return true
	default:
		return false
	}
}
