package service

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"runtime/debug"
	"sync"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// newLayers returns what is between the proxy and the backend.
func (s *Service) newLayers() (layer, error) {
	var layers layer = observing{guarded{s.Backend, s.Logger}, s}
	if s.Cache == nil {
		return layers, nil
	}
	return s.newCaching(layers)
}

// newProxy returns what the proxies of all exchanges have in common.
func (s *Service) newProxy() httputil.ReverseProxy {
	return httputil.ReverseProxy{
		Rewrite: s.Backend.Rewrite,
		ModifyResponse: func(r *http.Response) error {
			s.lastOnConnection(r.Header)
			return nil
		},
		// What it would log is in the outcome of the prediction.
		ErrorLog:   slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
		BufferPool: newBuffers(),
	}
}

// lastOnConnection makes an answer the last one on its connection when the
// service shuts down.
func (s *Service) lastOnConnection(header http.Header) {
	if s.draining.Load() {
		header.Set("Connection", "close")
	}
}

// forward has the request answered, and reports whether the answer was cut off.
func (e *exchange) forward(r *http.Request) (aborted bool) {
	defer func() {
		switch panicked := recover(); panicked {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(panicked)
		}
	}()
	e.proxy = e.service.proxy
	e.proxy.Transport, e.proxy.ErrorHandler = e, e.unanswered
	e.proxy.ServeHTTP(&e.writer, r)
	return false
}

// unanswered answers when the backend has not.
func (e *exchange) unanswered(w http.ResponseWriter, r *http.Request, err error) {
	e.fail(err)
	errorType := otelmetrics.Classify(e.err)
	if r.Context().Err() != nil && errorType == otelmetrics.ErrorCanceled {
		return // nobody is there to be answered
	}
	writeProblem(w, status(errorType), errorType, detail(errorType, e.err))
}

// detail returns the error text for the client. It contains no details of a fault
// that the client did not cause.
func detail(errorType otelmetrics.ErrorType, err error) string {
	switch errorType {
	case otelmetrics.ErrorPanic, otelmetrics.ErrorPredictionFailed:
		return "the prediction failed; the log of the service has the cause"
	case otelmetrics.ErrorTimeout:
		return "the prediction took too long"
	case otelmetrics.ErrorUpstreamUnavailable:
		return "the DSPy service cannot be reached or broke off; the log of the service has the cause"
	default:
		return err.Error()
	}
}

// guarded makes an error of a panic of the backend, so that the client gets an
// answer.
type guarded struct {
	backend Backend
	logger  *slog.Logger
}

func (g guarded) answer(e *exchange, r *http.Request) (response *http.Response, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			g.logger.Error("backend panicked", slog.Any("panic", panicked), slog.String("stack", string(debug.Stack())))
			err = &otelmetrics.Error{Type: otelmetrics.ErrorPanic, Err: errors.New("backend panicked")}
		}
	}()
	response, err = g.backend.Predict(&e.Call, r)
	switch {
	case err == nil:
		e.program = watched{response.Body, &e.watch, &e.Call}
		response.Body = &e.program
	case r.Context().Err() != nil:
		err = context.Cause(r.Context())
	}
	return response, err
}

// buffers is a pool of buffers for copying answers.
type buffers struct{ pool sync.Pool }

func newBuffers() *buffers {
	return &buffers{sync.Pool{New: func() any { return new([32 << 10]byte) }}}
}

func (b *buffers) Get() []byte {
	buffer, _ := b.pool.Get().(*[32 << 10]byte)
	return buffer[:]
}

func (b *buffers) Put(buffer []byte) { b.pool.Put((*[32 << 10]byte)(buffer)) }
