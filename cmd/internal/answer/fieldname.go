package answer

import "bytes"

// fieldNamed returns the field that a count is by the words of its name, such as
// num_input_tokens, generatedTokens or cache_read_token_count. It is for names that no
// table has. A name with another word is not known, because the count may be of
// something else or a part: image_tokens, max_output_tokens, cache_miss_tokens.
func fieldNamed(name []byte) (field, bool) {
	const longest = 40
	if len(name) > longest || !bytes.Contains(name, []byte("oken")) { // of token, and of no other word
		return 0, false
	}
	var w fieldWords
	for rest := name; len(rest) > 0; {
		var word []byte
		if word, rest = cutWord(rest); !w.read(word) {
			return 0, false
		}
	}
	return w.field()
}

// fieldWords are what the words of a name say of a count.
type fieldWords struct{ tokens, input, output, cache, fromCache, written, reasoning bool }

// read reads a word, and reports whether it is known.
func (w *fieldWords) read(word []byte) bool {
	lower := wordOf(word)
	switch string(lower.text()) {
	case "", "num", "n", "number", "of", "count", "total", "usage":
	case "token", "tokens":
		w.tokens = true
	case "input", "prompt", "query":
		w.input = true
	case "output", "completion", "generated", "response":
		w.output = true
	case "cache", "cached":
		w.cache = true
	case "read", "hit":
		w.fromCache = true
	case "write", "written", "creation":
		w.written = true
	case "reasoning", "thinking", "thought", "thoughts":
		w.reasoning = true
	default:
		return false
	}
	return true
}

func (w fieldWords) field() (field, bool) {
	switch {
	case !w.tokens, w.input && w.output, w.cache && (w.output || w.reasoning), !w.cache && (w.fromCache || w.written), w.fromCache && w.written:
		return 0, false
	case w.written:
		return namedCacheWrite, true
	case w.cache:
		return namedCacheRead, true
	case w.reasoning:
		return namedReasoning, !w.input
	case w.output:
		return namedOutput, true
	default:
		return namedInput, w.input
	}
}

// cutWord cuts the first word off a name in snake case or in camel case.
func cutWord(name []byte) (word, rest []byte) {
	for i, c := range name {
		switch {
		case c == '_', c == '-':
			return name[:i], name[i+1:]
		case i > 0 && 'A' <= c && c <= 'Z':
			return name[:i], name[i:]
		}
	}
	return name, nil
}
