package usage

import (
	"cmp"
	"mime"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Ending is how a stream ended, as far as its protocol tells.
type Ending int

// The endings.
const (
	// EndUnknown: the stream does not say.
	EndUnknown Ending = iota
	// EndComplete: the stream said that it ends, with an answer or an error.
	EndComplete
	// EndCut: the stream follows a protocol that says when it ends, and did not.
	EndCut
)

// Stream reads an answer that comes in parts, as they pass. It is an io.Writer
// that never fails, for use beside the writer that the answer goes to. It holds
// no more than a small multiple of MaxEventBytes, however much passes.
type Stream struct {
	// MaxEventBytes is how long a line and the data of an event may be, 64 KiB
	// if zero. What a longer event says is not read. To be set before the first Write.
	MaxEventBytes int
	// OnContent is called once, from Write, when the first content has passed:
	// the end of the first event that is not just a ping, an error, an end, a
	// usage or a chunk without text; or the first byte of another kind of answer.
	// To be set before the first Write.
	OnContent func()

	plain   bool
	events  *events
	content bool

	report  Report                               // without tokens and models
	total   map[views.TokenType]int64            // what the stream says of all of itself
	models  map[string]map[views.TokenType]int64 // of total
	sources map[string]map[views.TokenType]int64 // what chunks say, by the completion they belong to

	model         string // that says it answers
	severalModels bool

	done     bool // it said that it ends
	chunks   bool // it has chunks of completions, which are followed by [DONE]
	finished bool // a completion said why it is over, which some servers leave it at
	unread   bool // an event was too long, and may have been the last one
}

// NewStream returns a Stream for an answer with this Content-Type. Of one that
// is not text/event-stream, only the first byte is of interest.
func NewStream(contentType string) *Stream {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	return &Stream{plain: mediaType != "text/event-stream"}
}

// Write reads a part of the answer and keeps none of p. It always returns
// len(p) and nil.
func (s *Stream) Write(p []byte) (int, error) {
	switch {
	case len(p) == 0:
	case s.plain:
		s.hasContent()
	default:
		s.parser().write(p)
	}
	return len(p), nil
}

// Ended reports whether the stream has said that it ends.
func (s *Stream) Ended() bool { return s.done }

// Finish tells what the stream said and how it ended. To be called when nothing
// more comes, because it ended or because it broke off.
func (s *Stream) Finish() (Report, Ending) {
	if !s.plain {
		s.parser().close()
	}
	r := Merge(s.report, Report{})
	r.Tokens = overlay(nil, s.total)
	if len(s.total) == 0 {
		sum := make(map[views.TokenType]int64)
		for _, counts := range s.sources {
			add(sum, counts)
		}
		r.Tokens = r.sensible(sum)
	} else {
		r.Models = s.models
	}
	if !s.severalModels {
		r.Model = s.model
	}
	r.settle()
	switch {
	case s.done || r.Failed:
		return r, EndComplete
	case s.chunks && !s.finished && !s.unread:
		return r, EndCut
	default:
		return r, EndUnknown
	}
}

func (s *Stream) parser() *events {
	if s.events == nil {
		s.events = &events{limit: cmp.Or(max(s.MaxEventBytes, 0), 64<<10), each: s.event, overflow: s.overflow}
	}
	return s.events
}

func (s *Stream) hasContent() {
	if !s.content {
		s.content = true
		if s.OnContent != nil {
			s.OnContent()
		}
	}
}
