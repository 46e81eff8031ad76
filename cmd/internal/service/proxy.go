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

// newProxy returns what brings requests to the backend and answers back.
func (s *Service) newProxy() *httputil.ReverseProxy {
	var transport http.RoundTripper = observing{guarded{s.Backend, s.Logger}, s}
	if s.Cache != nil {
		headers := keyHeaders()
		for _, name := range append([]string{s.TypeHeader}, s.KeyHeaders...) {
			headers = append(headers, http.CanonicalHeaderKey(name))
		}
		transport = &caching{next: transport, cache: s.Cache, limit: s.MaxAnswerBytes, headers: headers}
	}
	return &httputil.ReverseProxy{
		Rewrite:      s.Backend.Rewrite,
		Transport:    transport,
		ErrorHandler: s.unanswered,
		// What it would log is in the outcome of the prediction.
		ErrorLog:   slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
		BufferPool: newBuffers(),
	}
}

// unanswered answers when the backend has not.
func (s *Service) unanswered(w http.ResponseWriter, r *http.Request, err error) {
	e := exchangeOf(r)
	e.fail(err)
	errorType := otelmetrics.Classify(e.err)
	if r.Context().Err() != nil && errorType == otelmetrics.Canceled {
		return // nobody is there to be answered
	}
	writeProblem(w, status(errorType), errorType, detail(errorType, e.err))
}

// detail tells the client no more than it needs of a fault that is not its own.
func detail(errorType otelmetrics.ErrorType, err error) string {
	switch errorType {
	case otelmetrics.Panic, otelmetrics.PredictionFailed:
		return "the prediction failed; the log of the service has the cause"
	case otelmetrics.Timeout:
		return "the prediction took too long"
	case otelmetrics.UpstreamUnavailable:
		return "the DSPy service cannot be reached or broke off; the log of the service has the cause"
	default:
		return err.Error()
	}
}

// guarded makes an error of a panic of the backend, so that the client gets an
// answer.
type guarded struct {
	http.RoundTripper
	logger *slog.Logger
}

func (g guarded) RoundTrip(r *http.Request) (response *http.Response, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			g.logger.Error("backend panicked", slog.Any("panic", panicked), slog.String("stack", string(debug.Stack())))
			err = &otelmetrics.Error{Type: otelmetrics.Panic, Err: errors.New("backend panicked")}
		}
	}()
	response, err = g.RoundTripper.RoundTrip(r)
	if err != nil && r.Context().Err() != nil {
		err = context.Cause(r.Context())
	}
	return response, err
}

// buffers are what answers are copied through.
type buffers struct{ pool sync.Pool }

func newBuffers() *buffers {
	return &buffers{sync.Pool{New: func() any { return new([32 << 10]byte) }}}
}

func (b *buffers) Get() []byte {
	buffer, _ := b.pool.Get().(*[32 << 10]byte)
	return buffer[:]
}

func (b *buffers) Put(buffer []byte) { b.pool.Put((*[32 << 10]byte)(buffer)) }
