package check

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/pace"
)

const (
	// readTimeout is how long a client may take to send one export, minRate how many
	// bytes a second it must send.
	readTimeout = 30 * time.Second
	minRate     = 1024
	// stalled is how long a client may send nothing, when others need its room.
	stalled = time.Second
)

var (
	errNoRoom = errors.New("too many exports are being sent at the same time: send this one again")
	errTooBig = errors.New("the export is too large: raise --max-bytes")
)

// intake has the bodies that are being read, before they take a place among the
// exports that are decoded. Together they have a bound. When it is reached, the one
// that has stalled for longest gives way to those that go on.
type intake struct {
	mu      sync.Mutex
	room    int
	senders map[*sender]struct{}
}

// sender is a request whose body is being read.
type sender struct {
	w    http.ResponseWriter
	held int
	last time.Time // when something came
}

func newIntake(room int) *intake {
	return &intake{room: room, senders: make(map[*sender]struct{})}
}

// read reads a body of at most so many bytes. The caller gives back what it holds.
func (i *intake) read(w http.ResponseWriter, r *http.Request, most int) (body []byte, give func(), err error) {
	s := &sender{w: w, last: time.Now()}
	i.mu.Lock()
	i.senders[s] = struct{}{}
	i.mu.Unlock()
	give = func() { i.end(s) }
	from := pace.NewReader(w, r.Body, minRate, s.last, s.last.Add(readTimeout))
	var whole bytes.Buffer
	chunk := make([]byte, 16<<10)
	for {
		n, err := from.Read(chunk)
		switch {
		case whole.Len()+n > most:
			return nil, give, errTooBig
		case !i.hold(s, n):
			return nil, give, errNoRoom
		}
		whole.Write(chunk[:n])
		if errors.Is(err, io.EOF) {
			_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
			return whole.Bytes(), give, nil
		}
		if err != nil {
			return nil, give, err
		}
	}
}

// hold takes room for n more bytes of a sender. It fails where there is none, or
// where the sender has had to give way.
func (i *intake) hold(s *sender, n int) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, ok := i.senders[s]; !ok {
		return false
	}
	s.last = time.Now()
	for i.room < n {
		if !i.evict(s.last) {
			return false
		}
	}
	i.room -= n
	s.held += n
	return true
}

// evict takes the room of the sender that has stalled for longest. The caller holds
// mu, so that its handler has not returned.
func (i *intake) evict(now time.Time) bool {
	var longest *sender
	for s := range i.senders {
		if s.held > 0 && now.Sub(s.last) > stalled && (longest == nil || s.last.Before(longest.last)) {
			longest = s
		}
	}
	if longest == nil {
		return false
	}
	i.room += longest.held
	delete(i.senders, longest)
	_ = http.NewResponseController(longest.w).SetReadDeadline(now)
	return true
}

// end gives back what a sender holds, unless it had to give way.
func (i *intake) end(s *sender) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, ok := i.senders[s]; ok {
		i.room += s.held
		delete(i.senders, s)
	}
}
