package service_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
)

// program is a backend whose state the test chooses.
type program struct {
	service.Backend
	path   atomic.Pointer[string] // that it was asked for last
	status atomic.Int64           // 0 for no answer, -1 for one that never comes
}

func (p *program) Check(otelmetrics.PredictionType, []byte) error { return nil }
func (p *program) Rewrite(r *httputil.ProxyRequest)               { r.Out.URL.Host = "program" }

func (p *program) RoundTrip(r *http.Request) (*http.Response, error) {
	p.path.Store(&r.URL.Path)
	switch status := p.status.Load(); status {
	case 0:
		return nil, &otelmetrics.Error{Type: otelmetrics.ErrorUpstreamUnavailable, Err: errors.New("connection refused")}
	case -1:
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	default:
		return &http.Response{StatusCode: int(status), Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
}

func (p *program) Predict(call *service.Call, r *http.Request) (*http.Response, error) {
	call.Begin()
	return p.RoundTrip(r)
}

func readiness(t *testing.T, p *program, follows service.Readiness) *service.Service {
	t.Helper()
	c := config(otelmetricstest.New(t).Metrics, p)
	c.Readiness = follows
	s, err := service.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func isReady(t *testing.T, s *service.Service) bool {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/ready", http.NoBody))
	return w.Code == http.StatusOK
}

// /ready follows what the program says of itself. One or two bad answers in a row
// change nothing, and neither does one good one.
func TestReadyFollowsAPath(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := new(program)
		s := readiness(t, p, service.Readiness{Path: "/healthz"})
		if isReady(t, s) {
			t.Error("ready before the program has answered")
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go s.WatchUpstream(ctx)
		after := func(status int64, seconds int, want bool) {
			t.Helper()
			p.status.Store(status)
			time.Sleep(time.Duration(seconds) * time.Second) //nolint:forbidigo // The time of the bubble.
			synctest.Wait()
			if got := isReady(t, s); got != want {
				t.Errorf("%d s of status %d: ready: %t, want %t", seconds, status, got, want)
			}
		}
		synctest.Wait()
		after(0, 1, false)
		after(204, 2, true)
		after(500, 4, true)
		after(200, 2, true) // and the count begins again
		after(503, 4, true)
		after(503, 2, false)
		after(200, 2, false)
		after(404, 2, false)
		after(302, 4, true)
		after(0, 4, true)
		after(0, 2, false)
		after(200, 4, true)
		after(-1, 8, false)
		if got := *p.path.Load(); got != "/healthz" {
			t.Errorf("asked for %s, want /healthz", got)
		}
	})
}

// /ready follows the attempts to reach the program. What the program answers says that
// it is there, and what clients give up says nothing.
func TestReadyFollowsAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := new(program)
		s := readiness(t, p, service.Readiness{Attempts: true})
		predicted := func(status int64, times int, want bool) {
			t.Helper()
			p.status.Store(status)
			for range times {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				s.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodPost, "/predict", http.NoBody))
				cancel()
			}
			if got := isReady(t, s); got != want {
				t.Errorf("%d predictions with status %d: ready: %t, want %t", times, status, got, want)
			}
		}
		predicted(0, 4, true)
		predicted(500, 1, true)
		predicted(0, 4, true)
		predicted(-1, 3, true)
		predicted(0, 1, false)
		time.Sleep(9 * time.Second) //nolint:forbidigo // The time of the bubble.
		predicted(0, 0, false)
		time.Sleep(time.Second) //nolint:forbidigo // The time of the bubble.
		predicted(0, 0, true)
		predicted(0, 1, false)       // one more is enough
		time.Sleep(10 * time.Second) //nolint:forbidigo // The time of the bubble.
		predicted(200, 1, true)
		predicted(0, 4, true)
	})
}
