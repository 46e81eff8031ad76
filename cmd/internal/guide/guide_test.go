package guide_test

import (
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/extractive"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/guide"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func TestTextTellsTheWholeContract(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	text := guide.Text(contract)
	for _, m := range contract.Metrics.All() {
		if !strings.Contains(text, m.Name) {
			t.Errorf("%s is not told", m.Name)
		}
	}
	contract.Metrics.APILatency.Buckets = []float64{0.5, 42}
	if text := guide.Text(contract); !strings.Contains(text, "dspy_api_latency_seconds uses the buckets 0.5 and 42 seconds.") {
		t.Error("other buckets are not told")
	}
}

func TestQuestionsOfANewcomer(t *testing.T) {
	t.Parallel()
	predictor, err := extractive.New(guide.Text(views.Default()))
	if err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]string{
		"Which buckets does the duration histogram use?":           "dspy_prediction_duration_seconds uses the buckets 0.005",
		"Which buckets does the API latency histogram use?":        "dspy_api_latency_seconds uses the buckets 0.001",
		"What are the labels of dspy_predictions_total?":           "service, prediction_type and status",
		"How do I push the metrics to a collector?":                "OTEL_EXPORTER_OTLP_ENDPOINT",
		"What happens to a label value that is over its budget?":   "recorded as other",
		"Where does Prometheus read the metrics?":                  "/metrics",
		"What is the capital of a country that is not named here?": "",
	} {
		answer, err := predictor.Predict(t.Context(), extractive.Question{Text: question})
		if err != nil || !strings.Contains(answer.Text, want) {
			t.Errorf("%s\n got %q, %v\nwant %q in it", question, answer.Text, err, want)
		}
	}
}
