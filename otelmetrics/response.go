package otelmetrics

import (
	"bufio"
	"io"
	"iter"
	"net"
	"net/http"
)

// MarkComplete says that the client has all of the response, whatever happens to
// its connection until the handler returns. A stream is complete for its client
// with the last event of its protocol, such as "data: [DONE]", and many clients
// close the connection there: without the mark [Metrics.Middleware] records
// them as 499.
//
// w is the writer that the handler got, or one around it that has an Unwrap
// method. MarkComplete does nothing on other writers, and on those of servers
// other than net/http's. Call it in the goroutine of the handler.
func MarkComplete(w http.ResponseWriter) {
	for r := range responses(w) {
		r.marked = true
	}
}

// maxWriters bounds how many writers inside of each other are looked at: a writer may unwrap to itself.
const maxWriters = 100

// responses returns the responses that w writes to, from the innermost middleware to the outermost.
func responses(w http.ResponseWriter) iter.Seq[*response] {
	return func(yield func(*response) bool) {
		for range maxWriters {
			if part, ok := w.(interface{ partOf() *response }); ok && !yield(part.partOf()) {
				return
			}
			wrapped, ok := w.(interface{ Unwrap() http.ResponseWriter })
			if !ok {
				return
			}
			w = wrapped.Unwrap()
		}
	}
}

// responseTo returns the response of another middleware of p that w writes to, or nil if there is none. Unwrap is a method of
// the user's writers, which may panic; those of servers have none.
func (p *pipeline) responseTo(w http.ResponseWriter) *response {
	if _, ok := w.(interface{ Unwrap() http.ResponseWriter }); !ok {
		return nil
	}
	return guard(p, "http.ResponseWriter.Unwrap", nil, func() *response {
		for r := range responses(w) {
			if r.middleware.pipeline == p {
				return r
			}
		}
		return nil
	})
}

// wrap returns a writer with the interfaces of w that tells r what is written.
// The writers of net/http's server and of httptest have wrappers made for them,
// which cost nothing: they are part of the response.
func (r *response) wrap(w http.ResponseWriter) http.ResponseWriter {
	r.header = w.Header()
	r.writer = writer{ResponseWriter: w, response: r}
	_, flushes := w.(http.Flusher)
	_, hijacks := w.(http.Hijacker)
	_, reads := w.(io.ReaderFrom)
	_, pushes := w.(http.Pusher)
	_, notifies := w.(http.CloseNotifier) //nolint:staticcheck // deprecated, and there all the same
	switch (interfaces{flushes, hijacks, reads, pushes, notifies}) {
	case interfaces{}:
		return &r.writer
	case interfaces{flushes: true}:
		return flusher{&r.writer}
	case interfaces{flushes: true, hijacks: true, reads: true, notifies: true}:
		return http1{flusher{&r.writer}}
	case interfaces{flushes: true, pushes: true, notifies: true}:
		return http2{flusher{&r.writer}}
	default:
		return r.intercept(w)
	}
}

type interfaces struct{ flushes, hijacks, reads, pushes, notifies bool }

// decide sets the status that goes out. The first one holds; those of
// informational responses are not the answer.
func (r *response) decide(status int) {
	if r.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
}

// wrote counts what went out; the first byte decides the status.
func (r *response) wrote(n int64) {
	r.decide(http.StatusOK)
	r.written += n
}

// hijacked records an upgrade: the connection may live for hours, and its time
// is no latency.
func (r *response) hijacked(err error) {
	if err == nil {
		r.record(http.StatusSwitchingProtocols)
	}
}

// writer is any writer. By Unwrap [http.ResponseController] finds what the
// interfaces below do not show.
type writer struct {
	http.ResponseWriter
	response *response
}

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) partOf() *response { return w.response }

func (w *writer) WriteHeader(status int) {
	w.response.decide(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.response.wrote(int64(n))
	return n, err
}

func (w *writer) WriteString(s string) (int, error) {
	n, err := io.WriteString(w.ResponseWriter, s)
	w.response.wrote(int64(n))
	return n, err
}

// flusher is a writer that flushes.
type flusher struct{ *writer }

func (w flusher) Flush() { _ = w.FlushError() }

func (w flusher) FlushError() error {
	w.response.decide(http.StatusOK)
	if f, ok := w.ResponseWriter.(interface{ FlushError() error }); ok {
		return f.FlushError()
	}
	w.ResponseWriter.(http.Flusher).Flush() //nolint:forcetypeassert // wrap has seen that it is one
	return nil
}

// CloseNotify is deprecated, and there all the same.
func (w flusher) closeNotify() <-chan bool {
	return w.ResponseWriter.(http.CloseNotifier).CloseNotify() //nolint:forcetypeassert,staticcheck // see wrap
}

// http1 is a writer of an HTTP/1 server.
type http1 struct{ flusher }

func (w http1) CloseNotify() <-chan bool { return w.closeNotify() }

func (w http1) ReadFrom(src io.Reader) (int64, error) {
	n, err := w.ResponseWriter.(io.ReaderFrom).ReadFrom(src) //nolint:forcetypeassert // see wrap
	w.response.wrote(n)
	return n, err
}

func (w http1) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := w.ResponseWriter.(http.Hijacker).Hijack() //nolint:forcetypeassert // see wrap
	w.response.hijacked(err)
	return conn, buffer, err
}

// http2 is a writer of an HTTP/2 server.
type http2 struct{ flusher }

func (w http2) CloseNotify() <-chan bool { return w.closeNotify() }

func (w http2) Push(target string, options *http.PushOptions) error {
	return w.ResponseWriter.(http.Pusher).Push(target, options) //nolint:forcetypeassert // see wrap
}
