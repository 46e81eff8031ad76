package service

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/live"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Route is where predictions are asked for.
type Route struct {
	// Pattern is one of [http.ServeMux]. It becomes the label endpoint.
	Pattern string
	// Type is the type of all predictions of the route. If it is empty, the request sets
	// the type.
	Type otelmetrics.PredictionType
}

// ParseRoute reads "[METHOD ]PATH[=TYPE]". The method is POST by default.
func ParseRoute(text string) (Route, error) {
	pattern, kind, typed := strings.Cut(text, "=")
	if typed && kind == "" {
		return Route{}, fmt.Errorf("route %q: the prediction type after = is missing: add it, or remove the =", text)
	}
	method, path, hasMethod := strings.Cut(pattern, " ")
	if !hasMethod {
		method, path = http.MethodPost, pattern
	}
	if err := rooted("route", text, path); err != nil {
		return Route{}, err
	}
	return Route{Pattern: method + " " + path, Type: otelmetrics.PredictionType(kind)}, nil
}

func rooted(what, text, path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("%s %q: the path must begin with /", what, text)
	}
	return nil
}

// handle adds a route or a path to forward to a mux. The mux panics if the pattern is
// invalid or conflicts with another one. The path of the live charts is an error and
// never replaces another path silently.
func (s *Service) handle(mux *http.ServeMux, what, pattern string, handler http.Handler) (err error) {
	if path := pattern[strings.LastIndex(pattern, " ")+1:]; s.Live != nil && !s.Apart && (path == live.Path || strings.HasPrefix(path, live.Path+"/")) {
		return fmt.Errorf("%s %q: the live charts use %s: set --no-live to forward the path to the program", what, pattern, live.Path)
	}
	if err := s.shadowed(what, pattern); err != nil {
		return err
	}
	defer func() {
		if wrong := recover(); wrong != nil {
			err = fmt.Errorf("%s %q: %v", what, pattern, wrong)
		}
	}()
	mux.Handle(pattern, handler)
	return nil
}

// kind returns the prediction type of a request: that of the route, of the
// header, of the field of a JSON body, or the plain one.
func (s *Service) kind(route Route, header http.Header, body []byte) otelmetrics.PredictionType {
	if route.Type != "" {
		return route.Type
	}
	if told := header.Get(s.TypeHeader); told != "" {
		return otelmetrics.PredictionType(told)
	}
	if told := gjson.GetBytes(body, gjson.Escape(s.TypeField)); told.Type == gjson.String && told.Str != "" {
		return otelmetrics.PredictionType(told.Str)
	}
	return otelmetrics.Predict
}
