package answer

import "bytes"

// repetition recognises the event of a stream that differs from the one before it
// only in the text that it brings, as most chunks do. Such an event says nothing
// new about the answer, because what an event says is the same when it is read
// twice. So most chunks need not be read after the first content.
type repetition struct {
	name, data []byte // of the event before
	begin, end int    // of the text in data, without its quotes
	quoted     bool   // the text is in a string inside a string
	misses     int    // events in a row that were different
}

const (
	maxRepetition = 2 << 10 // longer events are not worth a copy
	maxMisses     = 16      // a stream of different events is not compared any more
)

// matches reports whether an event is the same but for its text.
func (r *repetition) matches(name, data []byte) bool {
	if r.end == 0 || len(data) < len(r.data)-r.end+r.begin {
		return false
	}
	tail := r.data[r.end:] // begins with the quote after the text
	at := len(data) - len(tail)
	if !bytes.Equal(data[:r.begin], r.data[:r.begin]) || !bytes.Equal(data[at:], tail) || !bytes.Equal(name, r.name) ||
		textLength(data[r.begin:], r.quoted) != at-r.begin {
		return false
	}
	r.misses = 0
	return true
}

// learn keeps an event that was read. The members whose text may differ are those
// that no dialect reads for anything but whether there is content.
func (r *repetition) learn(event, data []byte, quoted bool) {
	r.end = 0
	if r.misses == maxMisses || len(data) > maxRepetition {
		return
	}
	r.misses++
	quote := `"`
	if quoted {
		quote = `\"`
	}
	var buffer [32]byte
	for _, member := range [...]string{"content", "text", "delta", "reasoning_content", "thinking", "partial_json", "arguments"} {
		name := append(append(append(buffer[:0], quote...), member...), quote...)
		_, rest, ok := bytes.Cut(data, name)
		if !ok {
			continue
		}
		if rest, ok = bytes.CutPrefix(trimLeft(rest), []byte(":")); !ok {
			continue
		}
		if rest, ok = bytes.CutPrefix(trimLeft(rest), []byte(quote)); !ok {
			continue
		}
		if n := textLength(rest, quoted); n >= 0 {
			r.begin, r.quoted = len(data)-len(rest), quoted
			r.end = r.begin + n
			r.keep(event, data)
			return
		}
	}
}

func (r *repetition) keep(name, data []byte) {
	r.name, r.data = append(r.name[:0], name...), append(r.data[:0], data...)
}

// textLength returns how far it is to the quote that ends a text, or -1 if there
// is none. One in a string inside a string is expected to have no escapes.
func textLength(text []byte, quoted bool) int {
	if quoted {
		n := bytes.IndexByte(text, '\\')
		if n >= 0 && n+1 < len(text) && text[n+1] == '"' {
			return n
		}
		return -1
	}
	for at := 0; ; at++ {
		n := bytes.IndexByte(text[at:], '"')
		if n < 0 {
			return -1
		}
		at += n
		escapes := 0
		for escapes < at && text[at-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return at
		}
	}
}
