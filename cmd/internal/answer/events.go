package answer

import "bytes"

// event is one message of a stream that names its messages. Name and data are
// valid until the next one.
type event struct {
	name []byte
	data []byte
	// frame: it came in a frame of AWS.
	frame bool
	// long: the data was more than the limit, and is missing.
	long bool
	// open: the stream ended before the event did.
	open bool
}

// events cuts a stream into server-sent events as the WHATWG standard defines
// them, wherever the writes are cut. It copies nothing of an event that one write
// contains, and holds little more than limit of others.
//
// Two things are read that the standard ignores, because servers write them: a
// field error, which is an event of that name, and a line that is a JSON object.
type events struct {
	state *state
	limit int

	next event
	some bool // the event has a line of data, maybe an empty one
	// borrowed: the data of the event is still a part of what was written.
	borrowed bool
	data     []byte // where data is kept
	name     []byte // where the name is kept

	line     []byte // the part of the line that has come
	lineLong bool   // the line is over the limit, and what comes of it is dropped
	afterCR  bool   // a line feed now belongs to the line end before it
	later    bool   // the first line, which may begin with a byte order mark, is over
}

func (e *events) write(p []byte) {
	for len(p) > 0 {
		if e.afterCR && p[0] == '\n' {
			p = p[1:]
			e.afterCR = false
			continue
		}
		e.afterCR = false
		end := lineEnd(p)
		if end < 0 {
			e.hold(p)
			break
		}
		e.afterCR = p[end] == '\r'
		e.endLine(p[:end])
		p = p[end+1:]
	}
	e.keep()
}

func lineEnd(p []byte) int {
	feed := bytes.IndexByte(p, '\n')
	if feed >= 0 {
		p = p[:feed]
	}
	if carriage := bytes.IndexByte(p, '\r'); carriage >= 0 {
		return carriage
	}
	return feed
}

// close ends the stream. An event that was not ended by an empty line is passed
// on as an open one: not every server writes the last empty line.
func (e *events) close() {
	if name, _ := fieldOfLine(e.unmarked(e.line)); !e.lineLong && (string(name) == "data" || isError(name) || isObject(name)) {
		e.endLine(nil)
	}
	e.next.open = true
	e.endEvent()
	e.line, e.data = nil, nil
}

// keep copies what is left of the event before the write returns.
func (e *events) keep() {
	if e.borrowed {
		e.data = append(e.data[:0], e.next.data...)
		e.next.data, e.borrowed = e.data, false
	}
}

// hold keeps a part of a line.
func (e *events) hold(part []byte) {
	if e.lineLong {
		return
	}
	if room := e.room(); len(part) > room {
		part = part[:room]
		e.lineLong = true
	}
	e.line = append(e.line, part...)
	if !e.lineLong {
		return
	}
	switch name, _ := fieldOfLine(e.unmarked(e.line)); {
	case string(name) == "data", isError(name):
		e.tooLong(name)
	case isObject(name):
		e.state.tooLarge("an event", e.limit)
	}
}

// room is how much more of a line there is place for.
func (e *events) room() int { return max(e.limit-len(e.line)-len(e.next.data), 0) }

func (e *events) endLine(last []byte) {
	if len(e.line) == 0 && !e.lineLong && len(last) <= e.room() {
		e.addLine(e.unmarked(last), true)
	} else if e.hold(last); !e.lineLong {
		e.addLine(e.unmarked(e.line), false)
	}
	e.line, e.lineLong, e.later = e.line[:0], false, true
}

// addLine reads a line. A borrowed one is a part of what is being written.
func (e *events) addLine(line []byte, borrowed bool) {
	if len(line) == 0 {
		e.endEvent()
		return
	}
	name, value := fieldOfLine(line)
	switch {
	case string(name) == "data":
		e.addData(value, borrowed)
	case string(name) == "event":
		e.rename(value)
	case isError(name):
		e.rename(name)
		e.addData(value, borrowed)
	case isObject(name):
		e.state.event(event{data: line})
	}
}

func (e *events) rename(name []byte) {
	const longest = 128
	e.name = append(e.name[:0], name[:min(len(name), longest)]...)
	e.next.name = e.name
}

func (e *events) addData(value []byte, borrowed bool) {
	if e.some && standsAlone(e.next.data) && standsAlone(value) { // a server that leaves the empty lines out
		e.endEvent()
	}
	switch {
	case e.next.long:
	case len(e.next.data)+1+len(value) > e.limit:
		e.tooLong(nil)
	case !e.some && borrowed:
		e.next.data, e.borrowed = value, true
	case !e.some: // value is a part of line, which is not needed any more
		e.line, e.data = e.data, e.line
		e.next.data = value
	default:
		e.keep()
		e.data = append(append(e.next.data, '\n'), value...)
		e.next.data = e.data
	}
	e.some = true
}

// tooLong is called as soon as an event turns out to be too long, which is
// before its end.
func (e *events) tooLong(name []byte) {
	if isError(name) {
		e.rename(name)
	}
	if !e.next.long {
		e.next.long, e.borrowed = true, false
		e.next.data, e.data = nil, nil
		e.state.overflow(e.next.name, e.limit)
	}
}

func (e *events) endEvent() {
	if e.next.long || len(e.next.name) > 0 || len(e.next.data) > 0 {
		e.state.event(e.next)
	}
	e.next, e.some, e.borrowed = event{}, false, false
	const usual = 64 << 10
	if cap(e.data) > usual {
		e.data = nil
	}
	if cap(e.line) > usual {
		e.line = nil
	}
}

// unmarked returns a line without the byte order mark of the first one.
func (e *events) unmarked(line []byte) []byte {
	if e.later {
		return line
	}
	return bytes.TrimPrefix(line, []byte(byteOrderMark))
}

// fieldOfLine splits a line; a comment has an empty name.
func fieldOfLine(line []byte) (name, value []byte) {
	name, value, _ = bytes.Cut(line, []byte(":"))
	return name, bytes.TrimPrefix(value, []byte(" "))
}

// standsAlone reports whether a line of data is an event by itself: an object, or the
// end mark.
func standsAlone(line []byte) bool {
	if isDone(line) {
		return true
	}
	v, ok := only(line)
	return ok && v.isObject()
}

// isDone reports whether data is the end mark that OpenAI's streams have.
func isDone(data []byte) bool {
	data = trim(data)
	return len(data) > 0 && (data[0] == '[' && bytes.EqualFold(data, []byte("[DONE]")) || data[0] == '"' && string(data) == `"[DONE]"`)
}

func isError(name []byte) bool  { return string(name) == "error" || string(name) == "errors" }
func isObject(name []byte) bool { return len(name) > 0 && name[0] == '{' }
