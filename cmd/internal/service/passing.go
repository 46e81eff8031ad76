package service

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/pace"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// ParsePass reads "[METHOD ]PATH" and returns the pattern of [http.ServeMux] for
// it. Without a method it is for all of them.
func ParsePass(text string) (string, error) {
	method, path, hasMethod := strings.Cut(text, " ")
	if !hasMethod {
		path = text
	}
	if err := rooted("pass", text, path); err != nil {
		return "", err
	}
	if !hasMethod {
		return path, nil
	}
	return method + " " + path, nil
}

// passing forwards requests that ask for no prediction. They are not measured,
// but for the latency of all requests.
func (s *Service) passing(forwarder http.RoundTripper) http.Handler {
	proxy := httputil.ReverseProxy{
		Rewrite:   s.Backend.Rewrite,
		Transport: forwarder,
		// What is written is flushed at once: nothing is held back.
		FlushInterval: -1,
		ErrorHandler:  s.notPassed,
		ErrorLog:      s.proxy.ErrorLog,
		BufferPool:    s.proxy.BufferPool,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var limit watch
		now := time.Now()
		ctx := limit.begin(r.Context(), now, s.limits)
		defer limit.end()
		last := after(now, s.longest())
		_ = http.NewResponseController(w).SetReadDeadline(last)
		var paced pace.Writer
		paced.Begin(w, r, s.MinResponseRate, now, last)
		r = r.WithContext(ctx)
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = body{&untilEnd{Reader: pace.NewReader(w, r.Body, s.MinRequestRate, now, last)}, r.Body}
		}
		passed := proxy
		passed.ModifyResponse = func(response *http.Response) error {
			s.lastOnConnection(response.Header)
			if response.StatusCode != http.StatusSwitchingProtocols {
				response.Body = &watched{response.Body, &limit, nil}
			}
			return nil
		}
		passed.ServeHTTP(&paced, r)
	})
}

// body is a body that is read through something else.
type body struct {
	io.Reader
	io.Closer
}

// untilEnd is read no more after its end. The transport reads once more, to see
// whether a request is longer than it says. The server may have closed the body by
// then, because the answer has begun; the transport would take that for a failure
// and break the answer off.
type untilEnd struct {
	io.Reader
	ended bool
}

// Read implements [io.Reader].
func (u *untilEnd) Read(p []byte) (int, error) {
	if u.ended {
		return 0, io.EOF
	}
	n, err := u.Reader.Read(p)
	u.ended = errors.Is(err, io.EOF)
	return n, err
}

// notPassed answers a request that was to be forwarded when the program has not.
func (s *Service) notPassed(w http.ResponseWriter, r *http.Request, err error) {
	errorType := otelmetrics.Classify(brokenBy(r.Context(), err))
	if errorType == otelmetrics.ErrorCanceled {
		panic(http.ErrAbortHandler) // nobody is there to be answered
	}
	s.Logger.Warn("forwarding a request failed", slog.String("pattern", r.Pattern), slog.Any("error", err))
	writeProblem(w, status(errorType), errorType, detail(errorType, err))
}

// unasked answers requests about a route where no program could do it.
func unasked(w http.ResponseWriter, r *http.Request) {
	method, _, _ := strings.Cut(r.Pattern, " ")
	w.Header().Set("Allow", "OPTIONS, "+method)
	secure(w.Header())
	w.WriteHeader(http.StatusNoContent)
}

// asksAbout reports whether a request is about a route and asks for no
// prediction: those of browsers before they ask another host (CORS), and those
// for the header of a GET. If a route is for that very method, it asks for one.
func asksAbout(pattern string, r *http.Request) bool {
	return (r.Method == http.MethodOptions || r.Method == http.MethodHead) && !strings.HasPrefix(pattern, r.Method+" ")
}

// aboutRoutes forwards OPTIONS requests of the paths that patterns have under
// another method.
func (s *Service) aboutRoutes(mux *http.ServeMux, patterns []string, next http.Handler) http.Handler {
	var methods []string
	for _, pattern := range patterns {
		if method, _, ok := strings.Cut(pattern, " "); ok && !slices.Contains(methods, method) {
			methods = append(methods, method)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		if _, pattern := mux.Handler(r); strings.HasPrefix(pattern, http.MethodOptions+" ") {
			next.ServeHTTP(w, r) // a route or a path to pass, for this very method
			return
		}
		other := r.WithContext(r.Context())
		// The method that a browser is about to use goes first.
		for _, other.Method = range append([]string{r.Header.Get("Access-Control-Request-Method")}, methods...) {
			_, pattern := mux.Handler(other)
			if !slices.Contains(patterns, pattern) {
				continue
			}
			r.Pattern = pattern // the label endpoint
			if err := unambiguous(mux, other, pattern); err != nil {
				s.refusePath(w, r, err)
				return
			}
			s.about.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
