package service

import (
	"net/http"
	"sync"
	"time"
)

const (
	// apartFor is how long requests are not joined after one of their kind had an
	// answer that could not be shared.
	apartFor = time.Minute
	// maxApart bounds how many kinds are remembered.
	maxApart = 4 << 10
)

// flights are the requests that are being made for everyone who asks the same.
type flights struct {
	mu    sync.Mutex
	byKey map[string]*flight
	// apart has the keys whose answers could not be shared, and until when that
	// counts. Who waited for such an answer waited in vain.
	apart map[string]time.Time
}

// together asks the backend for everyone who asks the same at the same time. Each
// client has the answer as it comes, or asks for itself where that cannot be.
func (c *caching) together(e *exchange, r *http.Request, key string) (*http.Response, error) {
	p := &passenger{exchange: e, ctx: r.Context()}
	if !c.board(p, r, key) {
		return c.alone(e, r, key, "fwd=miss")
	}
	select {
	case <-p.flight.landed:
	case <-p.ctx.Done():
		p.leave()
		p.flight.discard(p)
		return nil, p.gone()
	}
	return p.answer(c, r, key)
}

// board has a client join the flight of a key or lead a new one. It reports false if
// the client is to ask for itself.
func (c *caching) board(p *passenger, r *http.Request, key string) bool {
	c.flights.mu.Lock()
	defer c.flights.mu.Unlock()
	if until, ok := c.flights.apart[key]; ok {
		if time.Now().Before(until) {
			return false
		}
		delete(c.flights.apart, key)
	}
	if f := c.flights.byKey[key]; f != nil && f.take(p) {
		return true
	}
	p.leads = true
	f := newFlight(c, p, r, key)
	if c.flights.byKey == nil {
		c.flights.byKey = make(map[string]*flight)
	}
	c.flights.byKey[key] = f
	go f.fly()
	return true
}

// close prevents requests from joining the flight.
func (f *flights) close(closed *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byKey[closed.key] == closed { // And not a later one.
		delete(f.byKey, closed.key)
	}
}

// separate has requests like those of a flight not joined for a while.
func (f *flights) separate(landed *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.apart == nil || len(f.apart) == maxApart {
		f.apart = make(map[string]time.Time)
	}
	f.apart[landed.key] = time.Now().Add(apartFor)
}
