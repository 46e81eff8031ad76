// Package service is the HTTP service in front of a predictor: it admits, bounds
// and measures predictions.
package service

import (
	"context"
	_ "embed"
	"html/template"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Predictor makes predictions. It is called concurrently.
type Predictor interface {
	// Check refuses a request that the predictor cannot take; it is the
	// caller's fault and no prediction starts.
	Check(Request) error
	// Predict makes the prediction and ends early when ctx does.
	Predict(ctx context.Context, r Request) (Outputs, error)
}

// Config has no defaults: every field must be set.
type Config struct {
	Recorder       *otelmetrics.Recorder
	Predictor      Predictor
	Logger         *slog.Logger
	Timeout        time.Duration // of one prediction
	MaxConcurrency int           // predictions at a time
	MaxBodyBytes   int64
}

// Service answers predictions over HTTP.
type Service struct {
	Config
	places   chan struct{}
	draining atomic.Bool
	page     *template.Template
}

//go:embed page.html
var page string

// New returns a service.
func New(c Config) (*Service, error) {
	parsed, err := template.New("page").Parse(page)
	if err != nil {
		return nil, err
	}
	return &Service{Config: c, places: make(chan struct{}, c.MaxConcurrency), page: parsed}, nil
}

// Drain makes the service unready: what is in flight ends, new predictions are
// refused.
func (s *Service) Drain() { s.draining.Store(true) }

// Handler serves all endpoints.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.Recorder.Handler())
	mux.HandleFunc("POST /predict", s.predict)
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET /ready", s.ready)
	mux.HandleFunc("GET /{$}", s.index)
	return s.Recorder.Middleware(s.routed(mux))
}

func (s *Service) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}

func (s *Service) ready(w http.ResponseWriter, _ *http.Request) {
	if s.draining.Load() {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "draining"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

func (s *Service) index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	if err := s.page.Execute(w, method); err != nil {
		s.Logger.Debug("page not written", slog.Any("error", err))
	}
}

// routed answers what no route takes as a problem, where the mux would answer
// with plain text.
func (s *Service) routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		answer := unrouted{header: w.Header()}
		handler.ServeHTTP(&answer, r)
		s.refuse(w, r, answer.status, otelmetrics.InvalidInput, r.Method+" is not served here; GET / lists what is")
	})
}

// unrouted takes the status and the headers, such as Allow, of the mux' answer.
type unrouted struct {
	header http.Header
	status int
}

func (u *unrouted) Header() http.Header         { return u.header }
func (u *unrouted) WriteHeader(status int)      { u.status = status }
func (u *unrouted) Write(b []byte) (int, error) { return len(b), nil }
