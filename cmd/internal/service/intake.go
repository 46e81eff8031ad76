package service

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/address"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/pace"
)

// A request takes a place among the predictions when its body is whole, so that
// clients that send slowly take none. What is read until then is bounded for all
// requests together, by what as many predictions as are made at a time may have,
// and for each client by the same share.

// firstRoom is the most memory that a body gets before any of it has come.
const firstRoom = 32 << 10

// read reads the body of a request.
func (s *Service) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	body := intake{Reader: r.Body, quota: s.bodies, client: address.Of(r.RemoteAddr)}
	defer body.end()
	if r.ContentLength < 0 || r.ContentLength > s.MaxBodyBytes {
		body.Reader = http.MaxBytesReader(w, r.Body, s.MaxBodyBytes)
	}
	if s.MinRequestRate > 0 {
		now := time.Now()
		body.Reader = pace.NewReader(w, body.Reader, s.MinRequestRate, now, after(now, s.ClientTimeout))
	}
	expected := r.ContentLength
	if expected < 0 {
		expected = bytes.MinRead
	}
	return body.readAll(min(expected, s.MaxBodyBytes, firstRoom))
}

// readAll is [io.ReadAll] for a body of which so many bytes are expected.
func (i *intake) readAll(expected int64) ([]byte, error) {
	body := make([]byte, 0, expected+1) // the last read, which finds the end, needs room as well
	for {
		if len(body) == cap(body) {
			body = slices.Grow(body, len(body))
		}
		n, err := i.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return body, err
		}
	}
}

// intake takes from the quota what it reads.
type intake struct {
	io.Reader
	quota  *quota
	client netip.Prefix
	taken  int64
}

// Read implements io.Reader.
func (i *intake) Read(p []byte) (int, error) {
	n, err := i.Reader.Read(p)
	if refused := i.quota.take(i.client, int64(n)); refused != nil {
		return n, refused
	}
	i.taken += int64(n)
	return n, err
}

// end releases the memory of the body. The body belongs to a prediction now, or was
// dropped.
func (i *intake) end() {
	if i.taken > 0 {
		i.quota.give(i.client, i.taken)
	}
}
