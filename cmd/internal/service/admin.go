package service

import (
	"net/http"
	"net/http/pprof" // it adds to the default mux as well, which nothing serves
)

// Admin serves the metrics, and the profiles if they are asked for, on a
// listener apart. Its requests are not among those that are measured.
func (s *Service) Admin(profiles bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.timed(ours(s.Metrics.Handler()))) // profiles may take longer
	s.addLive(mux)
	s.addProbes(mux)
	mux.Handle("GET /{$}", ours(s.index(index{Metrics: true, Profiles: profiles})))
	if profiles {
		// Without the command line, which may have passwords.
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", http.NotFound)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return s.routed(mux)
}

// addLive adds the page of charts. It is where the metrics are, which it reads.
func (s *Service) addLive(mux *http.ServeMux) {
	if s.Live != nil {
		s.Live.Handle(mux, ours)
	}
}

// Probes are the paths of health checks, which have no credentials.
func Probes() []string { return []string{"/health", "/ready"} }

func (s *Service) addProbes(mux *http.ServeMux) {
	mux.Handle("GET /health", ours(http.HandlerFunc(s.health)))
	mux.Handle("GET /ready", ours(http.HandlerFunc(s.ready)))
}

// ours makes an answer of our own safe to open in a browser. Those of predictors
// are not touched.
func ours(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		next.ServeHTTP(w, r)
	})
}

func secure(header http.Header) {
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
}
