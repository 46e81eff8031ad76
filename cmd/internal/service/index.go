package service

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"log/slog"
	"net/http"
	"time"
)

//go:embed page.html
var page string

//go:embed page.css
var style string

// index is the list of paths on the front page of a listener.
type index struct {
	Routes            []Route
	Metrics, Profiles bool
}

// front is the data of the front page.
type front struct {
	index
	Name, Version  string
	Origin         string // where the page was asked for
	Backend        Backend
	Style          template.CSS
	Up             time.Duration
	Active, Places int64
	Draining, Live bool
	Cached         bool
	Embedded       bool // whether the predictor answers the question of the example
}

// index serves the front page: what is here, and whether it is well.
func (s *Service) index(i index) http.Handler {
	// The browser applies this style and no other.
	digest := sha256.Sum256([]byte(style))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		_, forwards := s.Backend.(http.RoundTripper)
		err := s.page.Execute(w, front{
			index: i, Name: s.Name, Version: s.Version, Origin: origin(r), Backend: s.Backend,
			Style: template.CSS(style), //nolint:gosec // It is the file above.
			Up:    time.Since(s.started).Round(time.Second), Active: s.places.taken(), Places: s.places.size,
			Draining: s.draining.Load(), Live: s.Live != nil, Cached: s.Cache != nil, Embedded: !forwards,
		})
		if err != nil {
			s.Logger.Debug("page not written", slog.Any("error", err))
		}
	})
}

// origin returns how the client reached this listener, for a command to copy.
func origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
