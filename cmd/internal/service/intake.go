package service

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// intake reads the bodies of requests. A request takes a place among the
// predictions when its body is whole, so that slow clients take none. What is
// read until then is bounded for all of them together, by what as many
// predictions as are made at a time may have.
type intake struct{ left atomic.Int64 }

// errNoRoom says that other bodies take all there is.
var errNoRoom = errors.New("too much is being sent at the same time")

// read reads a body of limited length.
func (i *intake) read(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body := metered{Reader: http.MaxBytesReader(w, r.Body, limit), intake: i}
	defer func() { i.left.Add(body.taken) }()
	return io.ReadAll(&body)
}

// metered takes from the intake what it reads.
type metered struct {
	io.Reader
	intake *intake
	taken  int64
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.taken += int64(n)
	if m.intake.left.Add(-int64(n)) < 0 {
		return n, errNoRoom
	}
	return n, err
}
