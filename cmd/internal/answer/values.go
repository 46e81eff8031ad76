package answer

import "bytes"

// values cuts JSON into values, wherever the writes are cut: the one value of a
// usual answer, several that come one after another, and the elements of an array
// that comes in parts. It copies nothing of a value that one write contains, and
// holds no more than limit of others.
type values struct {
	state *state
	limit int
	size  int  // of the answer if it is known, else 0
	sized bool // its length is stated, so that it is no stream

	text     []byte // the part of the value that has come
	tooLong  bool   // the value is over the limit, and what comes of it is dropped
	depth    int    // of open brackets, without the array's that contains the values
	array    bool   // the values are the elements of an array
	some     bool   // a value has ended
	inString bool
	escaped  bool // the next character of the string is escaped
}

func (v *values) write(p []byte) {
	start := 0 // of the value in p
	for at := 0; at < len(p); {
		if v.inString {
			at += v.skipString(p[at:])
			continue
		}
		c := p[at]
		at++
		switch c {
		case '"':
			v.inString = true
		case '{', '[':
			if v.depth == 0 && c == '[' && !v.array {
				v.array = true
				continue
			}
			if v.depth == 0 {
				start = at - 1
			}
			v.depth++
		case '}', ']':
			if v.depth == 0 {
				v.some = v.some || v.array && c == ']'
				v.array = v.array && c != ']'
				continue
			}
			if v.depth--; v.depth == 0 {
				v.end(p[start:at])
			}
		}
	}
	if v.depth > 0 {
		v.hold(p[start:])
	}
}

// skipString returns how many bytes of p belong to the string that is open.
func (v *values) skipString(p []byte) int {
	end := bytes.IndexByte(p, '"')
	content := p
	if end >= 0 {
		content = p[:end]
	}
	escapes := 0
	for escapes < len(content) && content[len(content)-1-escapes] == '\\' {
		escapes++
	}
	if escapes == len(content) && v.escaped {
		escapes++
	}
	v.escaped = escapes%2 == 1
	if end < 0 {
		return len(p)
	}
	v.inString, v.escaped = v.escaped, false
	return end + 1
}

// hold keeps a part of a value.
func (v *values) hold(part []byte) {
	if v.tooLong || len(v.text)+len(part) > v.limit {
		v.drop()
		return
	}
	if v.text == nil {
		v.text = make([]byte, 0, max(min(v.size, v.limit), len(part)))
	}
	v.text = append(v.text, part...)
}

func (v *values) drop() {
	if !v.tooLong {
		v.tooLong, v.text = true, nil
		v.state.tooLarge("a value", v.limit)
	}
}

func (v *values) end(last []byte) {
	v.some = v.some || !v.array
	text := last
	if len(v.text) > 0 {
		v.hold(last)
		text = v.text
	}
	switch {
	case v.tooLong || len(text) > v.limit:
		v.drop()
	case v.array:
		v.state.element(text, v.sized)
	default:
		v.state.value(text)
	}
	v.text, v.tooLong = v.text[:0], false
}

func (v *values) close() {
	switch whole := !v.array && !v.state.streamed; {
	case whole && v.state.total > int64(v.limit): // a whole answer over the limit is not read
		v.drop()
		v.state.forget()
	case v.depth > 0 && !v.tooLong:
		v.state.broken("the JSON does not end")
	default:
		v.state.whole = v.some && v.depth == 0 && !v.array && !v.state.streamed && !v.state.malformed && !v.state.tooLong
	}
	v.text = nil
}

// lines cuts an answer into lines, each of which is a JSON value or contains one.
type lines struct {
	state *state
	limit int
	read  func(line []byte)

	line    []byte // the part of the line that has come
	tooLong bool   // the line is over the limit, and what comes of it is dropped
}

func (l *lines) write(p []byte) {
	for {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			break
		}
		l.end(p[:end])
		p = p[end+1:]
	}
	l.hold(p)
}

func (l *lines) hold(part []byte) {
	if l.tooLong || len(l.line)+len(part) > l.limit {
		l.drop()
		return
	}
	l.line = append(l.line, part...)
}

func (l *lines) drop() {
	if !l.tooLong {
		l.tooLong, l.line = true, nil
		l.state.tooLarge("a line", l.limit)
	}
}

func (l *lines) end(last []byte) {
	switch {
	case l.tooLong || len(l.line)+len(last) > l.limit:
		l.drop()
	case len(l.line) == 0:
		l.read(last)
	default:
		l.line = append(l.line, last...)
		l.read(l.line)
	}
	l.line, l.tooLong = l.line[:0], false
}

func (l *lines) close() {
	if len(l.line) > 0 {
		l.end(nil)
	}
	l.line = nil
}

// plain is an answer that is not read. Its first character is content if it is
// not known how long it will be.
type plain struct {
	state  *state
	stream bool
}

func (t *plain) write(p []byte) {
	if t.stream && len(trimLeft(p)) > 0 {
		t.state.hasContent()
	}
}

func (*plain) close() {}
