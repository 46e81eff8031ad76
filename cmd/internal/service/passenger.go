package service

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// passenger is a client on a flight. It is the body of the client's answer.
type passenger struct {
	exchange *exchange
	ctx      context.Context //nolint:containedctx // of the client's request
	flight   *flight
	leads    bool
	response *http.Response

	at   int64 // how much it has taken
	left bool  // it takes no more
}

// answer returns the answer of a flight that has landed.
func (p *passenger) answer(c *caching, r *http.Request, key string) (*http.Response, error) {
	f := p.flight
	switch {
	case f.shared:
		p.exchange.adopt(f.failure)
		return p.share(r), nil
	case f.response != nil && p.leads:
		p.exchange.adopt(f.failure)
		return p.own(), nil
	case f.response == nil && (!f.canceled || p.ctx.Err() != nil):
		p.leave()
		p.exchange.adopt(f.failure)
		return nil, f.missed
	default: // It cannot be shared, or the flight was canceled.
		p.leave()
		return c.alone(p.exchange, r, key, "fwd=miss")
	}
}

// share returns the answer with a body that the client takes at its own pace.
func (p *passenger) share(r *http.Request) *http.Response {
	response := new(http.Response)
	*response = *p.flight.response
	response.Header, response.Body, response.Request = response.Header.Clone(), p, r
	p.response, p.exchange.reader = response, p
	if p.leads {
		setCacheStatus(response.Header, "fwd=miss")
	} else {
		setCacheStatus(response.Header, "fwd=miss; collapsed")
	}
	return response
}

// own returns the answer to the client who led the flight alone. From here on it
// ends with its client.
func (p *passenger) own() *http.Response {
	f := p.flight
	stop := context.AfterFunc(p.ctx, func() { f.cancel(context.Cause(p.ctx)) })
	p.exchange.reader = f.exchange.reader
	p.exchange.trying, f.exchange.trying = f.exchange.trying, false // It counts the attempt.
	f.response.Body = &owned{ReadCloser: f.response.Body, passenger: p, stop: stop}
	setCacheStatus(f.response.Header, "fwd=miss")
	return f.response
}

// gone returns why the client's time is over.
func (p *passenger) gone() error {
	err := context.Cause(p.ctx)
	p.exchange.fail(err)
	return err
}

// errLeftBehind ends an answer whose client takes nothing of it while others wait.
var errLeftBehind = errors.New("the client did not read an answer that others wait for")

// Read waits for the next part of the answer.
func (p *passenger) Read(b []byte) (int, error) {
	f := p.flight
	for {
		f.mu.Lock()
		n, done, err := p.next(b)
		changed := f.changed
		f.mu.Unlock()
		if done {
			return n, err
		}
		select {
		case <-changed:
		case <-p.ctx.Done():
			return 0, p.gone()
		}
	}
}

// next returns what can be read at once. The caller has the lock of the flight.
func (p *passenger) next(b []byte) (n int, done bool, err error) {
	f := p.flight
	switch {
	case p.left:
		p.exchange.fail(errors.Join(context.Canceled, errLeftBehind))
		return 0, true, errLeftBehind
	case p.at < f.start+int64(len(f.body)):
		n = copy(b, f.body[p.at-f.start:])
		p.at += int64(n)
		if f.overflown {
			select {
			case f.moved <- struct{}{}:
			default:
			}
		}
		return n, true, nil
	case !f.over:
		return 0, len(b) == 0, nil
	}
	if f.broken != nil {
		if !p.exchange.delivery.complete { // Else the client has it all.
			p.exchange.adopt(f.outcome)
		}
		return 0, true, f.broken
	}
	p.exchange.adopt(f.outcome)
	p.response.Trailer = f.response.Trailer.Clone()
	return 0, true, io.EOF
}

// Ended reports whether the client has taken the end mark of the answer, or all of it.
func (p *passenger) Ended() bool {
	f := p.flight
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended && p.at >= f.endedAt || f.over && f.broken == nil && p.at == f.start+int64(len(f.body))
}

// Close is called when the client has all of the answer or takes no more.
func (p *passenger) Close() error {
	p.leave()
	return nil
}

// leave ends the flight with its last passenger.
func (p *passenger) leave() {
	f := p.flight
	f.mu.Lock()
	delete(f.passengers, p)
	p.left = true
	last := len(f.passengers) == 0 && !f.over
	f.abandoned = f.abandoned || last
	f.mu.Unlock()
	select { // The others may have waited for this one.
	case f.moved <- struct{}{}:
	default:
	}
	if last {
		f.caching.flights.close(f)
		f.cancel(context.Canceled)
	}
}

// discard closes the answer that the leader has alone, if this one is the leader and
// has left without it.
func (f *flight) discard(p *passenger) {
	f.mu.Lock()
	owned := f.owned
	f.mu.Unlock()
	if owned && p.leads {
		_ = f.response.Body.Close()
		f.end()
	}
}

// owned is the body of an answer that the client who led its flight has alone.
type owned struct {
	io.ReadCloser
	passenger *passenger
	stop      func() bool
}

func (o *owned) Read(p []byte) (int, error) {
	o.adopt()
	defer o.adopt()
	return o.ReadCloser.Read(p)
}

func (o *owned) Close() error {
	o.adopt()
	defer o.passenger.flight.end()
	defer o.passenger.leave()
	defer o.stop()
	defer o.adopt()
	return o.ReadCloser.Close()
}

// adopt takes over what the answer has come to, and says to the flight whether its
// client has all of it.
func (o *owned) adopt() {
	e, of := o.passenger.exchange, o.passenger.flight.exchange
	e.adopt(of.err)
	of.delivery.complete = e.delivery.complete
}
