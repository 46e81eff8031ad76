package otelmetrics_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// scrapeAs scrapes with an Accept header.
func scrapeAs(t *testing.T, m *otelmetrics.Metrics, accept string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", accept)
	response := httptest.NewRecorder()
	m.Handler().ServeHTTP(response, request)
	return response
}

// Each counter and histogram says when it began, also one that was forgotten and came back; see TestIncrease in e2e.
func TestStartTimes(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m := newRecorder(t, otelmetrics.WithClock(clock.Now), otelmetrics.WithIdleTimeout(time.Minute), otelmetrics.WithoutPriming())
	began := clock.Now()
	m.RecordError(t.Context(), otelmetrics.ErrorTimeout)
	started := func() (start time.Time) {
		t.Helper()
		for _, family := range protobuf(t, m) {
			for _, metric := range family.GetMetric() {
				if family.GetName() == "dspy_errors_total" {
					start = metric.GetCounter().GetCreatedTimestamp().AsTime()
				}
			}
		}
		return start
	}
	if got := started(); !got.Equal(began) {
		t.Errorf("got start %v, want %v", got, began)
	}
	clock.pass(time.Minute)
	started()
	if got := started(); !got.IsZero() {
		t.Errorf("an idle series is still there, from %v", got)
	}
	clock.pass(time.Second)
	m.RecordError(t.Context(), otelmetrics.ErrorTimeout)
	if got := started(); !got.Equal(clock.Now()) {
		t.Errorf("came back: got start %v, want %v", got, clock.Now())
	}
}

// The text of OpenMetrics 1.0 has no series for start times. That of 2.0, for who asks, has them in their lines.
func TestFormatsOfStartTimes(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m := newRecorder(t, otelmetrics.WithClock(clock.Now))
	m.RecordError(t.Context(), otelmetrics.ErrorTimeout)
	for accept, want := range map[string]struct {
		format expfmt.Format
		start  bool
	}{
		"application/openmetrics-text;version=2.0.0": {expfmt.FmtOpenMetrics_2_0_0, true},
		"application/openmetrics-text;version=1.0.0": {expfmt.FmtOpenMetrics_1_0_0, false},
		"application/openmetrics-text":               {expfmt.FmtOpenMetrics_0_0_1, false},
		"text/plain;version=0.0.4":                   {expfmt.FmtText, false},
		"*/*":                                        {expfmt.FmtText, false},
		"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3":     {expfmt.FmtOpenMetrics_1_0_0, false},
		"application/openmetrics-text;version=2.0.0;q=0.9,text/plain;version=0.0.4;q=0.3,*/*": {expfmt.FmtOpenMetrics_2_0_0, true},
	} {
		response := scrapeAs(t, m, accept)
		if got := response.Header().Get("Content-Type"); !strings.HasPrefix(got, string(want.format)) {
			t.Errorf("asked for %s: got %s, want %s", accept, got, want.format)
		}
		page := response.Body.String()
		if strings.Contains(page, "_created") {
			t.Errorf("asked for %s: start times are series of their own", accept)
		}
		if got := strings.Contains(page, "st@"); got != want.start {
			t.Errorf("asked for %s: start times in the lines: got %t, want %t", accept, got, want.start)
		}
		if got, want := response.Header().Get("Process-Start-Time-Unix"), strconv.FormatInt(clock.Now().Unix(), 10); got != want {
			t.Errorf("got Process-Start-Time-Unix %q, want %q", got, want)
		}
	}
}
