// Package pace has clients of an HTTP server send and take at a rate. Deadlines alone
// let a client that sends or takes a byte now and then hold what it was given for as
// long as the fastest one may need.
package pace

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// patience is how long a client may send or take nothing, before its rate is held
// against it. Networks stall for seconds.
const patience = 10 * time.Second

// ErrSlow means that a client sent or read less than the minimum rate.
var ErrSlow = errors.New("the client is too slow")

// pace measures whether a client keeps to a rate. It has a credit of at most
// patience. Waiting for the client reduces the credit, and each byte increases it.
// Time in which the program has nothing to send does not count. A fast client cannot
// save up more than patience, so it cannot stop for longer.
type pace struct {
	rate   int64 // bytes a second; 0 for any
	credit time.Duration
}

func newPace(rate int64) pace { return pace{rate: rate, credit: patience} }

// earned returns what n bytes may take.
func (p *pace) earned(n int) time.Duration {
	return time.Duration(float64(n) / float64(p.rate) * float64(time.Second))
}

// waited records that n bytes took this time.
func (p *pace) waited(took time.Duration, n int) {
	p.credit = min(patience, p.credit+p.earned(n)-took)
}

// Reader reads from a client that has to send at a rate. It is used by one goroutine.
type Reader struct {
	from io.Reader
	pace
	w        http.ResponseWriter
	begun    time.Time // from which times are measured: that costs half of what it does to ask for the time
	deadline time.Time
}

// NewReader returns a reader of the body of a request, which w answers. The rate is in
// bytes a second; 0 allows any. All of it has to come before the deadline, which is
// none if it is zero. A client that is too slow makes Read fail with [ErrSlow], one
// that misses the deadline with [os.ErrDeadlineExceeded].
func NewReader(w http.ResponseWriter, from io.Reader, rate int64, now, deadline time.Time) *Reader {
	_ = http.NewResponseController(w).SetReadDeadline(deadline)
	return &Reader{from: from, pace: newPace(rate), w: w, begun: now, deadline: deadline}
}

// Read implements io.Reader. The deadline is set back after bytes have come: net/http
// goes on reading when the body is whole, and takes a failure for a client that has
// gone away. It stays when it has passed: net/http waits for the rest of the body
// before it answers.
func (r *Reader) Read(p []byte) (int, error) {
	if r.rate == 0 {
		return r.from.Read(p)
	}
	start := time.Since(r.begun)
	until := earlier(r.begun.Add(start+r.credit), r.deadline)
	controller := http.NewResponseController(r.w)
	_ = controller.SetReadDeadline(until)
	n, err := r.from.Read(p)
	r.waited(time.Since(r.begun)-start, n)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if !until.Equal(r.deadline) {
			err = ErrSlow
		}
		return n, err
	}
	_ = controller.SetReadDeadline(r.deadline)
	return n, err
}

// slack is how far the deadline of a connection may be from what it should be. An
// answer has many small parts, and to set the deadline for each costs more than to
// write it.
const slack = time.Second

// Writer writes to a client that has to take at a rate. Begin comes first. It is used
// by one goroutine at a time, and does not allocate.
type Writer struct {
	http.ResponseWriter
	pace
	begun    time.Time // as in Reader
	deadline time.Time
	until    time.Time // the deadline that the connection has
	shared   bool      // the connection has other answers as well, as in HTTP/2
	slow     bool
}

// Begin is called before the first write. The request is that of the answer, the rate
// is in bytes a second; 0 allows any. All of it has to be taken before the deadline,
// which is none if it is zero.
func (w *Writer) Begin(to http.ResponseWriter, r *http.Request, rate int64, now, deadline time.Time) {
	w.ResponseWriter, w.pace, w.shared = to, newPace(rate), r.ProtoMajor > 1
	w.begun, w.deadline = now, deadline
	w.setDeadline(deadline)
}

// Slow reports whether a write failed because the client took less than it must.
func (w *Writer) Slow() bool { return w.slow }

func (w *Writer) setDeadline(until time.Time) {
	w.until = until
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(until)
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (n int, err error) {
	err = w.within(len(p), func() error {
		n, err = w.ResponseWriter.Write(p)
		return err
	})
	return n, err
}

// FlushError implements the method that [http.ResponseController] calls.
func (w *Writer) FlushError() error {
	return w.within(0, http.NewResponseController(w.ResponseWriter).Flush)
}

// Unwrap is for [http.ResponseController].
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// within gives the client the time to read n bytes. On a connection that has several
// answers, the deadline is exact and is reset afterwards. HTTP/2 resets a stream
// whose deadline has passed even if nothing is being written.
func (w *Writer) within(n int, write func() error) error {
	if w.rate == 0 {
		return write()
	}
	start := time.Since(w.begun)
	until := earlier(w.begun.Add(start+w.credit+w.earned(n)), w.deadline)
	if w.shared || until.Sub(w.until).Abs() > slack {
		w.setDeadline(until)
	}
	err := write()
	end := time.Since(w.begun)
	w.waited(end-start, n)
	if err != nil && !w.until.Equal(w.deadline) && !w.begun.Add(end).Before(w.until) {
		w.slow = true
		return err
	}
	if w.shared {
		w.setDeadline(w.deadline)
	}
	return err
}

// earlier returns the earlier of a time and a deadline, which is none if it is zero.
func earlier(t, deadline time.Time) time.Time {
	if !deadline.IsZero() && deadline.Before(t) {
		return deadline
	}
	return t
}
