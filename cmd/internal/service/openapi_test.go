package service_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// The document lists what is served, with the statuses that are answered, and
// nothing else.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	_, url := start(t, answers, nil)
	got := must(t, http.MethodGet, url+"/openapi.json", "")
	var document struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct{ Content map[string]any }
		}
	}
	if err := json.Unmarshal([]byte(got.body), &document); err != nil || got.header.Get("Content-Type") != "application/json" {
		t.Fatalf("got %v: %+v", err, got)
	}
	page := must(t, http.MethodGet, url+"/", "").body
	for path, methods := range document.Paths {
		for method, operation := range methods {
			body := ""
			if method == "post" {
				body = question
			}
			got := must(t, strings.ToUpper(method), url+path, body)
			mediaType, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
			if _, ok := operation.Responses["200"].Content[mediaType]; got.status != 200 || !ok {
				t.Errorf("%s %s: got status %d of type %q, which the document does not have", method, path, got.status, mediaType)
			}
			if path != "/" && !strings.Contains(page, strings.ToUpper(method)+" "+path) {
				t.Errorf("%s %s is not on the page of the service", method, path)
			}
		}
	}
	if want := 1 + strings.Count(page, "<tr>"); len(document.Paths) != want {
		t.Errorf("the document has %d paths, want %d", len(document.Paths), want)
	}
	for errorType, status := range map[otelmetrics.ErrorType]string{
		otelmetrics.ErrorInvalidInput: "400", otelmetrics.ErrorRateLimit: "429", otelmetrics.ErrorPredictionFailed: "500",
		otelmetrics.ErrorUpstreamUnavailable: "502", otelmetrics.ErrorTimeout: "504",
	} {
		if _, ok := document.Paths["/predict"]["post"].Responses[status]; !ok {
			t.Errorf("the document has no status %s, which tells %s", status, errorType)
		}
	}
}
