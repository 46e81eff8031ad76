// Package service is the HTTP service in front of a DSPy program: it admits,
// bounds, caches and measures predictions.
package service

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"slices"
	"sync/atomic"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/answer"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/live"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/prices"
)

// Config has no defaults: every field must be set but for Labels, Cache, Caching,
// Model, ModelName, Prices, Live, Readiness and Apart.
type Config struct {
	Name, Version  string // of the service and of this program, for the front page
	Metrics        *otelmetrics.Metrics
	Backend        Backend
	Routes         []Route
	TypeHeader     string            // the request header whose value is the prediction type
	TypeField      string            // the field of a JSON body whose value is the prediction type
	Labels         []Label           // of the user's own that requests tell
	Cache          Cache             // nil for none
	Caching        Caching           // what is kept in the cache, and for how long
	Model          otelmetrics.Model // of predictions that name none
	ModelName      string            // the same as it is written, for its price
	Prices         *prices.List      // of models whose answers state no cost; nil for none
	Logger         *slog.Logger
	Pass           []string      // patterns of http.ServeMux whose requests are forwarded and are no predictions
	Timeout        time.Duration // of one prediction; 0 for none
	SilenceTimeout time.Duration // between two bytes of an answer that has begun; 0 for none
	ClientTimeout  time.Duration // for a client to send a body, or to take an answer that is no prediction
	MaxConcurrency int           // predictions at a time
	MaxBodyBytes   int64         // of a request
	// MaxClientConcurrency is how many predictions one client may have at a time; 0
	// for as many as there are.
	MaxClientConcurrency int
	// MinRequestRate and MinResponseRate are the bytes a second that a client must
	// send of a body, and take of the answer to a prediction; 0 for any.
	MinRequestRate, MinResponseRate int64
	MaxAnswerBytes                  int64      // of an answer that is read or cached; longer ones only pass through
	Apart                           bool       // whether the metrics are left to the handler of Admin
	Live                            *live.Page // the page of charts, where the metrics are; nil for none
	Readiness                       Readiness  // what /ready follows beside the service itself
}

// Service answers predictions over HTTP.
type Service struct {
	Config
	limits
	layers   layer
	proxy    httputil.ReverseProxy // that each exchange has a copy of
	about    http.Handler          // of requests about routes that ask for no prediction
	handler  http.Handler
	places   *quota         // predictions that are being made
	bodies   *quota         // bytes of bodies that are being read
	windows  answer.Windows // of the answers that are being read
	draining atomic.Bool
	// readiness is whether the program can be expected to answer.
	readiness readiness
	page      *template.Template
	started   time.Time
}

//go:embed openapi.json
var openAPI []byte

// New returns a service. The error names the routes that cannot be served.
func New(c Config) (*Service, error) {
	parsed, err := template.New("page").Parse(page)
	if err != nil {
		return nil, err
	}
	size, share := int64(c.MaxConcurrency), int64(c.MaxClientConcurrency)
	if share == 0 {
		share = size
	}
	s := &Service{Config: c, places: newQuota(size, share), bodies: newQuota(size*c.MaxBodyBytes, share*c.MaxBodyBytes), page: parsed, started: time.Now()}
	s.limits = newLimits(c.Timeout, c.SilenceTimeout)
	s.readiness.logger = c.Logger
	s.readiness.down = c.Readiness.Path != "" // until it has answered
	if s.layers, err = s.newLayers(); err != nil {
		return nil, err
	}
	s.proxy, s.about = s.newProxy(), http.HandlerFunc(unasked)
	forwarder, forwards := c.Backend.(http.RoundTripper)
	if forwards {
		s.about = s.passing(forwarder)
	}
	if len(c.Pass) > 0 && !forwards {
		return nil, fmt.Errorf("pass %q: there is no upstream to forward requests to", c.Pass)
	}
	if s.handler, err = s.routes(); err != nil {
		return nil, err
	}
	c.Metrics.SetActivePredictionsLimit(context.Background(), size)
	return s, nil
}

// Drain makes the service unready: what is in flight ends, new predictions are
// refused.
func (s *Service) Drain() { s.draining.Store(true) }

// Handler serves all endpoints.
func (s *Service) Handler() http.Handler { return s.handler }

func (s *Service) routes() (http.Handler, error) {
	mux := http.NewServeMux()
	if !s.Apart {
		mux.Handle("GET /metrics", ours(s.Metrics.Handler()))
		s.addLive(mux)
	}
	s.addProbes(mux)
	mux.Handle("GET /openapi.json", ours(http.HandlerFunc(s.openAPI)))
	mux.Handle("GET /{$}", ours(s.index(index{Routes: s.Routes, Metrics: !s.Apart})))
	var errs []error
	patterns := slices.Clone(s.Pass)
	for _, pattern := range s.Pass {
		errs = append(errs, s.handle(mux, "pass", pattern, s.about))
	}
	for _, route := range s.Routes {
		errs = append(errs, s.handle(mux, "route", route.Pattern, s.predict(route)))
		patterns = append(patterns, route.Pattern)
	}
	handler := s.aboutRoutes(mux, patterns, s.routed(mux))
	return traced(s.timed(s.measured(handler))), errors.Join(errs...)
}

func (s *Service) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}

func (s *Service) ready(w http.ResponseWriter, _ *http.Request) {
	if s.draining.Load() {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "draining"})
		return
	}
	if !s.readiness.ready(s.Readiness.Attempts) {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "upstream unavailable"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

func (s *Service) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPI) // a client that goes away is seen by the middleware
}

// routed answers what no route takes as a problem, where the mux would answer
// with plain text.
func (s *Service) routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			if err := unambiguous(mux, r, pattern); err != nil {
				s.refusePath(w, r, err)
				return
			}
			mux.ServeHTTP(w, r)
			return
		}
		answer := unrouted{header: w.Header()}
		handler.ServeHTTP(&answer, r)
		if answer.status < http.StatusBadRequest { // a redirect to where no route is either
			answer.header.Del("Location")
			answer.status = http.StatusNotFound
		}
		s.refuse(s.recorder(r.Header, nil), w, r, answer.status, otelmetrics.ErrorInvalidInput, s.unrouted(r))
	})
}

// refusePath answers a request whose path can be read in several ways.
func (s *Service) refusePath(w http.ResponseWriter, r *http.Request, reason error) {
	s.refuse(s.recorder(r.Header, nil), w, r, http.StatusBadRequest, otelmetrics.ErrorInvalidInput, "the path is ambiguous: "+reason.Error())
}

// unrouted returns a hint for a request that matches no route.
func (s *Service) unrouted(r *http.Request) string {
	detail := r.Method + " is not served here; GET / lists the paths"
	if _, forwards := s.Backend.(http.RoundTripper); forwards {
		detail += ", and --pass '[METHOD ]PATH' of the service lets another path through to the program"
	}
	return detail
}

// unrouted takes the status and the headers, such as Allow, of the mux' answer.
type unrouted struct {
	header http.Header
	status int
}

func (u *unrouted) Header() http.Header         { return u.header }
func (u *unrouted) WriteHeader(status int)      { u.status = status }
func (u *unrouted) Write(b []byte) (int, error) { return len(b), nil }
