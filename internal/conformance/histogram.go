package conformance

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

type bucket struct {
	bound float64
	sample
}

// bound checks that le is on buckets and nowhere else.
func (r *review) bound(metric contract.Metric, s sample) {
	le, ok := s.label("le")
	bucket := (metric.Kind == contract.Histogram || metric.Kind == contract.GaugeHistogram) && strings.HasSuffix(s.name, "_bucket")
	_, own := metric.Label("le")
	switch {
	case own || metric.Kind == contract.AnyKind:
	case !bucket && ok && le.value != "":
		r.wrong(ExtraLabel, metric, s, le.at, "only buckets have it", `the label "le" is not one of %s`, s.name)
	}
}

// histogram checks the samples of one series against the contract. Whether they
// agree with one another, the judge has checked.
func (r *review) histogram(metric contract.Metric, family *Family, samples []sample) {
	var buckets []bucket
	for _, s := range samples {
		suffix := family.suffix(s)
		if suffix == "_created" {
			continue
		}
		r.value(metric, family, s, suffix != "_sum")
		le, ok := s.label("le")
		if bound, err := strconv.ParseFloat(le.value, 64); ok && suffix == "_bucket" && err == nil {
			buckets = append(buckets, bucket{bound, s})
		}
	}
	slices.SortStableFunc(buckets, func(a, b bucket) int { return cmp.Compare(a.bound, b.bound) })
	r.bounds(metric, samples[0], buckets)
}

func (r *review) bounds(metric contract.Metric, first sample, buckets []bucket) {
	if metric.Buckets == nil && metric.Form != contract.Native {
		return // Nothing is said of them.
	}
	if len(buckets) == 0 {
		return // The judge has found that none can be read.
	}
	want := append(slices.Clone(metric.Buckets), math.Inf(1))
	remedy := "the buckets are " + join(want)
	switch {
	case metric.Form == contract.Native:
		want = want[len(want)-1:]
		remedy = "in the contract it is native, of which a page shows +Inf alone"
	case len(buckets) == 1 && math.IsInf(buckets[0].bound, 1):
		remedy += "; a native histogram shows +Inf alone, and in the contract it is " + string(metric.Form)
	}
	var missing, extra []string
	extraAt := first.at
	for _, bound := range want {
		if math.IsInf(bound, 1) {
			continue // The judge looks for it.
		}
		if !slices.ContainsFunc(buckets, func(b bucket) bool { return b.bound == bound }) {
			missing = append(missing, strconv.FormatFloat(bound, 'g', -1, 64))
		}
	}
	for _, b := range buckets {
		if !slices.Contains(want, b.bound) {
			if extra = append(extra, strconv.FormatFloat(b.bound, 'g', -1, 64)); len(extra) == 1 {
				extraAt = b.at
			}
		}
	}
	if len(missing) > 0 {
		r.wrong(MissingBucket, metric, first, first.at, remedy, "no bucket of %s", short(strings.Join(missing, ", ")))
	}
	if len(extra) > 0 {
		r.wrong(ExtraBucket, metric, first, extraAt, remedy, "a bucket of %s", short(strings.Join(extra, ", ")))
	}
}

func join(bounds []float64) string {
	texts := make([]string, len(bounds))
	for i, bound := range bounds {
		texts[i] = strconv.FormatFloat(bound, 'g', -1, 64)
	}
	return strings.Join(texts, ", ")
}
