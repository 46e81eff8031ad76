package usage

import "bytes"

// event is one server-sent event. Its data is valid until the next one.
type event struct {
	name string
	data []byte
	// long: the data was more than the limit, and is not there.
	long bool
	// open: the stream ended before the event did.
	open bool
}

// events cuts a stream into server-sent events as the WHATWG standard defines
// them, in memory that is bounded by limit, wherever the writes are cut.
type events struct {
	limit int
	// each is called with every event, and overflow as soon as the data of one
	// turns out to be too long.
	each     func(event)
	overflow func(name string)

	next event
	// some: the event has a line of data, maybe an empty one.
	some bool

	line     []byte // the part of the line that has come
	lineLong bool   // the line is over the limit and what comes of it is dropped
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
		end := bytes.IndexAny(p, "\r\n")
		if end < 0 {
			e.hold(p)
			return
		}
		e.afterCR = p[end] == '\r'
		e.endLine(p[:end])
		p = p[end+1:]
	}
}

// close ends the stream. An event that was not ended by an empty line is told as
// an open one: not every server writes the last empty line.
func (e *events) close() {
	if name, _ := field(e.unmarked(e.line)); !e.lineLong && string(name) == "data" {
		e.endLine(nil)
	}
	e.next.open = true
	e.endEvent()
	e.line = nil
}

// hold keeps a part of a line.
func (e *events) hold(part []byte) {
	if e.lineLong {
		return
	}
	if room := e.limit - len(e.line); len(part) > room {
		part = part[:room]
		e.lineLong = true
	}
	e.line = append(e.line, part...)
	if e.lineLong {
		e.longLine()
	}
}

func (e *events) endLine(last []byte) {
	line := last
	if len(e.line) > 0 || e.lineLong || len(last) > e.limit {
		e.hold(last)
		line = e.line
	}
	if !e.lineLong {
		e.addLine(e.unmarked(line))
	}
	e.line, e.lineLong, e.later = e.line[:0], false, true
}

func (e *events) addLine(line []byte) {
	if len(line) == 0 {
		e.endEvent()
		return
	}
	name, value := field(line)
	switch string(name) {
	case "event":
		e.next.name = string(value)
	case "data":
		e.addData(value)
	}
}

func (e *events) addData(value []byte) {
	switch {
	case e.next.long:
		return
	case len(e.next.data)+1+len(value) > e.limit:
		e.tooLong()
		return
	case e.some:
		e.next.data = append(e.next.data, '\n')
	}
	e.some = true
	e.next.data = append(e.next.data, value...)
}

func (e *events) longLine() {
	if name, _ := field(e.unmarked(e.line)); string(name) == "data" {
		e.tooLong()
	}
}

func (e *events) tooLong() {
	if !e.next.long {
		e.next.long = true
		e.next.data = e.next.data[:0]
		e.overflow(e.next.name)
	}
}

func (e *events) endEvent() {
	if e.next.long || e.next.name != "" || len(e.next.data) > 0 {
		e.each(e.next)
	}
	e.next, e.some = event{data: e.next.data[:0]}, false
}

// unmarked returns a line without the byte order mark of the first one.
func (e *events) unmarked(line []byte) []byte {
	if e.later {
		return line
	}
	return bytes.TrimPrefix(line, []byte("\ufeff"))
}

// field splits a line; a comment has an empty name.
func field(line []byte) (name, value []byte) {
	name, value, _ = bytes.Cut(line, []byte(":"))
	return name, bytes.TrimPrefix(value, []byte(" "))
}
