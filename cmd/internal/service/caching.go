package service

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
)

// Cache keeps answers. What it cannot give it does not have: it never fails. It
// is used concurrently.
type Cache interface {
	Get(ctx context.Context, key string) ([]byte, bool)
	Set(ctx context.Context, key string, answer []byte)
}

// caching answers from the cache, and makes equal requests in flight once.
type caching struct {
	next    layer
	cache   Cache
	headers []string // that determine the answer, in canonical form
	limit   int64    // of an answer
	flights flights
}

// answer says what it did in the field of RFC 9211.
func (c *caching) answer(e *exchange, r *http.Request) (*http.Response, error) {
	if directive(r.Header, "no-store") {
		return c.next.answer(e, r)
	}
	key := c.key(e, r)
	if stored, ok := c.cache.Get(withRecorder(r.Context(), e.recorder), key); ok {
		if response, err := parse(stored, r, "hit"); err == nil {
			age(response.Header)
			return response, nil
		}
	}
	for {
		flight, leads := c.flights.join(key)
		if leads {
			return c.lead(e, r, key, flight)
		}
		select {
		case <-flight.landed:
		case <-r.Context().Done():
			return nil, context.Cause(r.Context())
		}
		switch {
		case flight.answer != nil:
			e.err = flight.err
			return parse(flight.answer, r, "fwd=miss; collapsed")
		case flight.err == nil:
			return c.next.answer(e, r) // it cannot be shared
		case !ended(flight.err):
			return nil, flight.err
		}
		// Who led has gone away or ran out of time: another one leads.
	}
}

// lead makes the request for all who join the flight.
func (c *caching) lead(e *exchange, r *http.Request, key string, f *flight) (*http.Response, error) {
	defer c.flights.land(key, f)
	response, err := c.next.answer(e, r)
	if err != nil {
		f.err = err
		return nil, err
	}
	response.Header.Set(cacheStatus, cacheName+"; fwd=miss")
	if !shareable(response) || c.varies(response.Header) {
		return response, nil
	}
	whole, err := io.ReadAll(io.LimitReader(response.Body, c.limit+1))
	if err != nil {
		_ = response.Body.Close()
		f.err = brokenBy(r.Context(), err)
		return nil, f.err
	}
	if int64(len(whole)) > c.limit {
		response.Body = body{io.MultiReader(bytes.NewReader(whole), response.Body), response.Body}
		return response, nil
	}
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(whole))
	response.ContentLength, response.TransferEncoding = int64(len(whole)), nil
	answer, err := httputil.DumpResponse(response, true)
	if err != nil {
		return nil, err
	}
	f.answer, f.err = answer, e.err
	if f.err == nil && response.StatusCode == http.StatusOK && !directive(response.Header, "no-store", "private") {
		c.cache.Set(withRecorder(r.Context(), e.recorder), key, answer)
	}
	return response, nil
}

// ended tells whether a request ended with its own context.
func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// shareable tells whether an answer can go to several clients.
func shareable(r *http.Response) bool {
	return !streaming(r) && r.StatusCode != http.StatusSwitchingProtocols &&
		len(r.Trailer) == 0 && r.Header.Get("Set-Cookie") == ""
}

// directive tells whether a Cache-Control field has one of the directives.
func directive(header http.Header, directives ...string) bool {
	for _, field := range header.Values("Cache-Control") {
		for part := range strings.SplitSeq(field, ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(part), "=")
			for _, directive := range directives {
				if strings.EqualFold(name, directive) {
					return true
				}
			}
		}
	}
	return false
}

const (
	cacheStatus = "Cache-Status"
	cacheName   = "dspy-metrics"
)

// parse reads an answer as it goes over the wire.
func parse(answer []byte, r *http.Request, status string) (*http.Response, error) {
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode < http.StatusOK {
		return nil, fmt.Errorf("status %q is not that of an answer", response.Status)
	}
	response.Header.Set(cacheStatus, cacheName+"; "+status)
	return response, nil
}

// age tells how old a stored answer is, as RFC 9111 asks of caches.
func age(header http.Header) {
	if made, err := http.ParseTime(header.Get("Date")); err == nil {
		header.Set("Age", strconv.Itoa(max(0, int(time.Since(made).Seconds()))))
	}
}

// body is a body that is read through something else.
type body struct {
	io.Reader
	io.Closer
}
