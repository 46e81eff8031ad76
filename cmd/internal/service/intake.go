package service

import (
	"io"
	"net/http"
	"net/netip"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/address"
)

// A request takes a place among the predictions when its body is whole, so that
// clients that send slowly take none. What is read until then is bounded for all
// requests together, by what as many predictions as are made at a time may have,
// and for each client by the same share.

// read reads the body of a request.
func (s *Service) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body := intake{
		Reader: newPacedReader(w, http.MaxBytesReader(w, r.Body, s.MaxBodyBytes), s.MinRequestRate, s.ClientTimeout),
		quota:  s.bodies,
		client: address.Of(r.RemoteAddr),
	}
	defer body.end()
	return io.ReadAll(&body)
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

// end gives back what was taken: the body is a prediction's now, or nobody's.
func (i *intake) end() {
	if i.taken > 0 {
		i.quota.give(i.client, i.taken)
	}
}
