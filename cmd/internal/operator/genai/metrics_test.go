package genai_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/genai"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// The names and labels are those that the library exposes.
func TestMetricsAreExposed(t *testing.T) {
	t.Parallel()
	m, err := otelmetrics.New(t.Context(), otelmetrics.WithGenAI(otelmetrics.GenAIReleased|otelmetrics.GenAINew),
		otelmetrics.WithModel(otelmetrics.Model{Provider: "openai", Name: "gpt-4o-mini"}))
	if err != nil {
		t.Fatal(err)
	}
	_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
	p.FirstToken()
	p.AddTokens(otelmetrics.TokensInput, 15)
	p.AddTokens(otelmetrics.TokensOutput, 5)
	failure := error(&otelmetrics.Error{Type: otelmetrics.ErrorRateLimit})
	p.End(&failure)
	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	page := recorder.Body.String()

	for _, metric := range genai.NewMetrics().All() {
		name := metric.Name
		if metric.Kind == views.Histogram {
			name += "_count"
		}
		series := regexp.MustCompile(`(?m)^` + name + `\{.*\} `).FindString(page)
		for _, label := range metric.Labels {
			if !strings.Contains(series, label+`="`) {
				t.Errorf("%s: got %q, want the label %s", metric.Name, series, label)
			}
		}
	}
}
