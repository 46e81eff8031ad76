package service

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/live"
)

// own are the paths that the service answers itself if the method is GET or HEAD.
func (s *Service) own() []string {
	paths := append(Probes(), "/openapi.json", "/")
	if !s.Apart {
		paths = append(paths, "/metrics")
		if s.Live != nil {
			paths = append(paths, live.Path)
		}
	}
	return paths
}

// shadowed refuses a pattern for just a path of our own: the program would never get its requests. A pattern with wildcards
// may cover such paths among others, which the log says.
func (s *Service) shadowed(what, pattern string) error {
	var covered []string
	for _, path := range s.own() {
		if !covers(pattern, path) {
			continue
		}
		if exact(pattern) {
			return fmt.Errorf("%s %q: the service answers GET %s itself: %s", what, pattern, path, remedy(path))
		}
		covered = append(covered, path)
	}
	if len(covered) > 0 {
		s.Logger.Info("the service answers these paths itself", slog.String(what, pattern), slog.Any("paths", covered))
	}
	return nil
}

// remedy says what to do instead of forwarding a path of our own.
func remedy(path string) string {
	other := "to forward other methods, name them, such as 'POST " + path + "'"
	switch path {
	case "/metrics":
		return "set --metrics-listen to serve the metrics at another address; " + other
	case "/health", "/ready":
		return "set --ready-upstream " + path + " to make /ready depend on the program's answer; " + other
	default:
		return "let the program use another path; " + other
	}
}

// covers tells whether a pattern takes a GET of the path, if nobody else does.
func covers(pattern, path string) (covered bool) {
	defer func() {
		if recover() != nil {
			covered = false // The pattern is wrong, which whoever adds it will find.
		}
	}()
	mux := http.NewServeMux()
	mux.Handle(pattern, http.NotFoundHandler())
	_, found := mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}})
	return found == pattern
}

// exact tells whether a pattern is for one path.
func exact(pattern string) bool {
	path := strings.TrimSuffix(pattern, "{$}")
	return !strings.Contains(path, "{") && (path != pattern || !strings.HasSuffix(path, "/"))
}
