package service

import (
	"io"
	"net/http"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// delivery is the body of an answer as the proxy reads it to write it to the
// client. When the proxy reads on, it has written what it read before.
type delivery struct {
	body     io.ReadCloser
	exchange *exchange
	left     int64 // of the length that the answer states; negative if it states none, or has not come
	written  bool  // something has been read, and so written by the next read
	// complete: the client has the whole answer, by its length or by the end mark
	// of its protocol. From then on nothing changes the outcome: many clients close
	// the connection at that point, and not every program ends it well.
	complete bool
}

// Read implements [io.Reader].
func (d *delivery) Read(p []byte) (int, error) {
	if d.written && !d.complete {
		d.wrote()
	}
	n, err := d.body.Read(p)
	if n > 0 {
		d.written = true
	}
	if d.left > 0 {
		d.left -= int64(n)
	}
	return n, err
}

// wrote is called when the proxy has written all that was read.
func (d *delivery) wrote() {
	switch {
	case d.left == 0, d.exchange.reader != nil && d.exchange.reader.Ended():
		d.done()
	case d.left > 0:
		// The proxy flushes answers of unknown length. One of known length may
		// come in parts as well.
		_ = http.NewResponseController(&d.exchange.writer).Flush()
	}
}

func (d *delivery) done() {
	d.complete = true
	otelmetrics.MarkComplete(&d.exchange.writer)
}

// Close implements [io.Closer].
func (d *delivery) Close() error { return d.body.Close() }
