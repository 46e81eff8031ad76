package answer

import (
	"bytes"
	"net/http"
	"strings"
)

// Options of a [Reader].
type Options struct {
	// MaxBytes is how long a whole answer, or an event of one that comes in parts,
	// may be to be read, without its content coding. The default is 64 KiB.
	MaxBytes int64
	// OnContent is called once, from Write, when the first content of a stream has
	// passed: text, reasoning, a tool's argument, a refusal, audio. The default is
	// that nothing is called.
	OnContent func()
	// Windows is the memory for decompression that all answers share. Without it, each
	// answer uses as much as it needs.
	Windows *Windows
}

// Reader reads what an answer says about itself as it passes. It is an io.Writer
// that never fails, for use beside the writer that the answer goes to, and keeps
// nothing of what is written but the beginning of an event that has not ended.
// It is not safe for concurrent use.
type Reader struct {
	state   state
	header  http.Header
	status  int
	limit   int
	length  int64 // that the answer states, or negative
	seen    int64
	framer  framer // one of the next three, or of lines or frames
	values  values
	events  events
	text    plain
	decoder *decoder
	head    []byte // of an answer of which it is not known yet what it is
	media   media

	uncoded  error // why the content coding is not read
	finished bool
	report   Report
}

// framer cuts an answer into messages.
type framer interface {
	write(p []byte)
	close()
}

// media is the kind of answer that its media type names.
type media int

const (
	mediaOther media = iota
	mediaJSON
	mediaText
	mediaEvents
	mediaLines
	mediaFrames
)

// NewReader returns a Reader for an answer with this status and header. The
// header is read again by [Reader.Finish].
func NewReader(status int, header http.Header, o Options) *Reader {
	const usual = 64 << 10
	r := &Reader{status: status, header: header, limit: usual, length: -1, media: mediaOf(header)}
	if o.MaxBytes > 0 {
		r.limit = int(min(o.MaxBytes, 1<<30))
	}
	if status < http.StatusMultipleChoices { // an error has no tokens
		r.state.onContent = o.OnContent
	}
	if length, ok := parseDigits(header.Get("Content-Length")); ok {
		r.length = length
	}
	all, err := codings(header, r.limit, o.Windows)
	switch {
	case err != nil:
		r.uncoded = err
	case len(all) > 0:
		r.decoder = newDecoder(all, r.limit, r.plain)
	}
	return r
}

func mediaOf(header http.Header) media {
	name, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	name = strings.ToLower(strings.TrimSpace(name))
	switch name {
	case "application/json", "text/json":
		return mediaJSON
	case "text/event-stream":
		return mediaEvents
	case "application/vnd.amazon.eventstream":
		return mediaFrames
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonl", "application/jsonlines",
		"application/x-jsonlines", "application/stream+json", "application/json-lines", "application/x-json-stream", "text/x-ndjson":
		return mediaLines
	}
	if strings.HasSuffix(name, "+json") {
		return mediaJSON
	}
	if strings.HasPrefix(name, "text/") {
		return mediaText
	}
	return mediaOther
}

// Write reads a part of the answer. It always returns len(p) and nil.
func (r *Reader) Write(p []byte) (int, error) {
	r.seen += int64(len(p))
	switch {
	case len(p) == 0, r.uncoded != nil, r.finished:
	case r.decoder != nil:
		r.decoder.write(p)
	default:
		r.plain(p)
	}
	return len(p), nil
}

// Ended reports whether an end mark of the answer's dialect has passed, or an
// error in the answer. From then on nothing that the client or the program does
// to the connection changes the outcome.
func (r *Reader) Ended() bool { return r.state.complete() }

// plain reads a part of the answer without its content coding.
func (r *Reader) plain(p []byte) {
	r.state.total += int64(len(p))
	if r.framer != nil {
		r.framer.write(p)
		return
	}
	if len(r.head) > 0 {
		p = append(r.head, p...)
		r.head = nil
	}
	if r.framer = r.newFramer(p, false); r.framer != nil {
		r.framer.write(p)
	} else if rest := trimLeft(p); len(rest) > 0 { // space may be very long
		r.head = bytes.Clone(rest)
	}
}

// newFramer returns what reads an answer that begins so, or nil if more of it is
// needed to know that. What an answer is shows in its first characters; its media
// type decides where these could mean several things.
func (r *Reader) newFramer(p []byte, all bool) framer {
	s := &r.state
	if r.media == mediaFrames {
		return &frames{state: s, limit: r.limit}
	}
	text := trimLeft(bytes.TrimPrefix(p, []byte(byteOrderMark)))
	switch {
	case r.media == mediaText && r.length >= 0 && (len(text) == 0 || text[0] != '{'): // a text, whatever else it looks like
		r.text = plain{state: s}
		return &r.text
	case r.media == mediaLines:
		return &lines{state: s, limit: r.limit, read: s.line}
	case !all && (len(text) == 0 || len(p) < len(byteOrderMark) && strings.HasPrefix(byteOrderMark, string(p))):
		return nil
	case len(text) > 0 && (text[0] == '{' || text[0] == '[' || r.media == mediaJSON && text[0] == '"'):
		r.values = values{state: s, limit: r.limit, sized: r.length >= 0, size: int(min(max(r.length, 0), int64(r.limit)))}
		return &r.values
	case r.media == mediaEvents:
		return r.newEvents()
	}
	if r.media != mediaJSON {
		switch is, unsure := isDataStream(text); {
		case is:
			return &lines{state: s, limit: r.limit, read: s.dataStreamPart}
		case unsure && !all:
			return nil
		}
	}
	for _, field := range []string{"data:", "event:", "id:", "retry:", ":"} {
		switch {
		case bytes.HasPrefix(text, []byte(field)):
			return r.newEvents()
		case !all && strings.HasPrefix(field, string(text)):
			return nil
		}
	}
	r.text = plain{state: s, stream: r.length < 0 && r.media != mediaJSON}
	return &r.text
}

func (r *Reader) newEvents() framer {
	r.events = events{state: &r.state, limit: r.limit}
	return &r.events
}

// Finish returns what the answer said. complete is whether the answer came to its
// end: it is false if the program broke off or the client went away. To be called
// when nothing more comes; a second call returns the same.
func (r *Reader) Finish(complete bool) Report {
	if !r.finished {
		r.finished = true
		r.report = r.finish(complete || r.seen == r.length)
	}
	return r.report
}
