package otlptest

import (
	"context"
	"crypto/tls"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// patience is how long a wait lasts before it fails the test: long enough for a
// loaded machine, short enough to be read as a failure and not as a hang.
const patience = 20 * time.Second

// Receiver is an OTLP metrics backend that remembers.
type Receiver struct {
	listener *listener
	scheme   string
	ended    <-chan struct{} // closed when the test ends
	handling sync.RWMutex    // held for reading by each request that is served

	mu       sync.Mutex
	answer   Answer
	required [2]string // name and value of a header; see Require
	requests []Request
	arrived  chan struct{} // closed and replaced with every request
}

// Request is one export as it arrived.
type Request struct {
	Header    http.Header // HTTP headers or gRPC metadata, under canonical names
	Resources []Resource
	Accepted  bool // whether the answer was success
}

func newReceiver(t testing.TB, config *tls.Config) *Receiver {
	t.Helper()
	scheme := "http"
	if config != nil {
		scheme = "https"
	}
	return &Receiver{
		listener: listen(t),
		scheme:   scheme,
		ended:    t.Context().Done(),
		arrived:  make(chan struct{}),
	}
}

// Endpoint returns the base URL, such as "http://127.0.0.1:4317".
func (r *Receiver) Endpoint() string { return r.scheme + "://" + r.listener.Addr().String() }

// Require refuses all requests without this header from now on, as those of a
// client that is not known: gRPC's Unauthenticated or HTTP's 401.
func (r *Receiver) Require(header, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.required = [2]string{header, value}
}

// Respond sets the answer to every request that arrives from now on.
func (r *Receiver) Respond(a Answer) {
	r.mu.Lock()
	r.answer = a
	r.mu.Unlock()
	r.listener.refuse(a.mode == refusing)
}

// Requests returns every request that has arrived, in order, whatever its answer.
func (r *Receiver) Requests() []Request {
	requests, _ := r.snapshot()
	return requests
}

// Wait returns as soon as done reports true for what all accepted
// requests sent, oldest first. It fails the test if that takes too long, and so must
// be called from the test's own goroutine.
func (r *Receiver) Wait(t testing.TB, done func([]Resource) bool) {
	t.Helper()
	r.WaitRequests(t, func(requests []Request) bool {
		var resources []Resource
		for _, q := range requests {
			if q.Accepted {
				resources = append(resources, q.Resources...)
			}
		}
		return done(resources)
	})
}

// WaitRequests is [Receiver.Wait] for all requests, accepted or not.
func (r *Receiver) WaitRequests(t testing.TB, done func([]Request) bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		requests, arrived := r.snapshot()
		if done(requests) {
			return
		}
		select {
		case <-arrived:
		case <-deadline.C:
			t.Fatalf("otlptest: not what was waited for within %v: %d requests: %v", patience, len(requests), requests)
		}
	}
}

func (r *Receiver) snapshot() (requests []Request, arrived <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests), r.arrived
}

// receive keeps the request and returns the answer to give, once it is due.
func (r *Receiver) receive(ctx context.Context, req Request) Answer {
	answer := r.keep(req)
	switch answer.mode {
	case hanging:
		select {
		case <-ctx.Done():
		case <-r.ended:
		}
	case breaking:
		r.listener.sever()
	default:
	}
	return answer
}

func (r *Receiver) keep(req Request) Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	answer := r.answer
	if name, value := r.required[0], r.required[1]; name != "" && req.Header.Get(name) != value {
		answer = Answer{mode: denying}
	}
	req.Accepted = answer.mode == accepting
	r.requests = append(r.requests, req)
	close(r.arrived)
	r.arrived = make(chan struct{})
	return answer
}
