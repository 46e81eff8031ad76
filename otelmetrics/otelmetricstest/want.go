package otelmetricstest

import (
	"fmt"
	"strings"
	"testing"
)

// Want fails the test if one of the lines is not what the metrics say. They are
// written as on the page, a series and its value each:
//
//	dspy_predictions_total{prediction_type="cot",service="test",status="success"} 1
//
// A histogram is its _count, its _sum and its _bucket lines. Labels may have
// any order; blank lines and comments are passed over. There may be more series
// than those. Values need to be equal in nine digits, as sums are rounded.
func (s *Snapshot) Want(t testing.TB, lines string) {
	t.Helper()
	if diff := s.diff(t, lines); diff != "" {
		t.Error(diff)
	}
}

// diff returns what is not as wanted, or nothing.
func (s *Snapshot) diff(t testing.TB, lines string) string {
	t.Helper()
	want, err := parseSamples(lines)
	if err != nil {
		t.Fatalf("wanted metrics: %v", err)
	}
	if len(want) == 0 {
		t.Fatal("wanted metrics: there is no line with a series and its value")
	}
	var b strings.Builder
	wrong := 0
	for _, w := range want {
		i, ok := s.index[w.series()]
		if ok && equal(s.samples[i].value, w.value) {
			continue
		}
		wrong++
		fmt.Fprintf(&b, "\n- %s", w)
		if !ok {
			list(&b, "no such series; similar ones", s.similar(w))
			continue
		}
		fmt.Fprintf(&b, "\n+ %s", s.samples[i])
		list(&b, "others of this metric that are not at zero", s.siblings(s.samples[i]))
	}
	if wrong == 0 {
		return ""
	}
	return fmt.Sprintf("metrics not as wanted, %d of %d (-want +got):%s", wrong, len(want), b.String())
}

func list(b *strings.Builder, what string, samples []sample) {
	fmt.Fprintf(b, "\n  # %s:", what)
	if len(samples) == 0 {
		b.WriteString(" none")
	}
	for _, s := range samples {
		fmt.Fprintf(b, "\n  %s", s)
	}
}
