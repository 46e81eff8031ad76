package service_test

import (
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// retrying is a program that fails as often as it has pauses, each time after its
// time to answer, and that is asked again after a pause.
type retrying struct {
	acting
	pauses []time.Duration
}

func (r retrying) Predict(call *service.Call, request *http.Request) (*http.Response, error) {
	for _, pause := range r.pauses {
		call.Begin()
		if err := wait(request.Context(), r.before); err != nil {
			return nil, err
		}
		call.Fail(request.Context(), &otelmetrics.Error{Type: otelmetrics.ErrorUpstreamUnavailable, Err: errors.New("away")})
		if err := wait(request.Context(), pause); err != nil {
			return nil, err
		}
	}
	return r.acting.Predict(call, request)
}

// The overhead and the time of the program are the whole time of a prediction.
func TestOverheadIsTheRest(t *testing.T) {
	t.Parallel()
	const whole, ms = `{"usage":{"prompt_tokens":9},"outputs":{}}`, time.Millisecond
	asJSON := http.Header{"Content-Type": {"application/json"}}
	events := endMarks()["OpenAI"]
	for name, test := range map[string]struct {
		backend  retrying
		upstream time.Duration
	}{
		"whole":                   {retrying{acting: acting{asJSON, int64(len(whole)), 300 * ms, script(whole)}}, 300 * ms},
		"whole, in parts":         {retrying{acting: acting{asJSON, -1, 300 * ms, script(whole[:9], 200*ms, whole[9:])}}, 500 * ms},
		"stream":                  {retrying{acting: acting{stream(), -1, 30 * ms, script(events[0], 70*ms, events[0], 400*ms, events[1])}}, 500 * ms},
		"stream that ends late":   {retrying{acting: acting{stream(), -1, 30 * ms, script(events[0], 70*ms, events[1], 100*ms)}}, 200 * ms},
		"whole after a retry":     {retrying{acting{asJSON, int64(len(whole)), 300 * ms, script(whole)}, []time.Duration{50 * ms}}, 600 * ms},
		"stream after two":        {retrying{acting{stream(), -1, 100 * ms, script(events[0], 200*ms, events[1])}, []time.Duration{50 * ms, 75 * ms}}, 500 * ms},
		"broken after two":        {retrying{acting{stream(), -1, 100 * ms, script(events[0], 200*ms, errors.New("reset"))}, []time.Duration{50 * ms, 75 * ms}}, 500 * ms},
		"broken before its limit": {retrying{acting{asJSON, int64(len(whole)), 20 * time.Second, script(whole)}, []time.Duration{time.Second}}, 29 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				handler, page := without(t, test.backend, func(c *service.Config) { c.Timeout, c.SilenceTimeout = 30*time.Second, 0 })
				func() {
					defer func() { _ = recover() }() // of an answer that is broken off
					handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/predict", strings.NewReader("{}")))
				}()
				text := page()
				overhead, duration := sumOf(t, text, "dspy_overhead_seconds"), sumOf(t, text, "dspy_prediction_duration_seconds")
				if rest := overhead + test.upstream.Seconds() - duration; math.Abs(rest) > ms.Seconds() {
					t.Errorf("got an overhead of %v s of %v s, want all but %v", overhead, duration, test.upstream)
				}
				pauses := time.Duration(0)
				for _, pause := range test.backend.pauses {
					pauses += pause
				}
				if math.Abs(overhead-pauses.Seconds()) > ms.Seconds() {
					t.Errorf("got an overhead of %v s, want the pauses of %v", overhead, pauses)
				}
			})
		})
	}
}

// sumOf returns the sum of all series of a histogram.
func sumOf(t *testing.T, page, histogram string) float64 {
	t.Helper()
	found := regexp.MustCompile(`(?m)^`+histogram+`_sum\{.*\} (.*)$`).FindAllStringSubmatch(page, -1)
	sum := 0.0
	for _, one := range found {
		value, err := strconv.ParseFloat(one[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += value
	}
	if len(found) == 0 {
		t.Fatalf("no sum of %s", histogram)
	}
	return sum
}
