package conformance

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
)

type bucket struct {
	bound float64
	sample
}

// bound checks that le is on buckets and nowhere else.
func (r *review) bound(metric views.Metric, s sample) {
	le, ok := s.label("le")
	bucket := metric.Kind == views.Histogram && strings.HasSuffix(s.name, "_bucket")
	switch {
	case bucket && !ok:
		r.wrong(MissingLabel, metric, s, s.at, "", `the label "le" is missing`)
	case !bucket && ok:
		r.wrong(ExtraLabel, metric, s, le.at, "only buckets have it", `the label "le" is not one of %s`, s.name)
	case bucket && r.exposition.Format == OpenMetrics && le.value != canonical(le.value):
		r.add(Warning, BucketSpelling, metric.Name, le.at, "", "the bound is written %q, want %q in OpenMetrics", short(le.value), canonical(le.value))
	}
}

// canonical writes a bound as OpenMetrics asks for.
func canonical(le string) string {
	bound, err := strconv.ParseFloat(le, 64)
	if err != nil {
		return le
	}
	text := strconv.FormatFloat(bound, 'g', -1, 64)
	if !math.IsInf(bound, 0) && !math.IsNaN(bound) && !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// histogram checks the samples of one series.
func (r *review) histogram(metric views.Metric, family *Family, samples []sample) {
	var buckets []bucket
	var count, sum *sample
	for _, s := range samples {
		switch family.suffix(s) {
		case "_bucket":
			r.value(metric, s, true)
			if le, ok := s.label("le"); ok {
				bound, err := strconv.ParseFloat(le.value, 64)
				if err == nil {
					buckets = append(buckets, bucket{bound, s})
				}
			}
		case "_count":
			r.value(metric, s, true)
			count = &s
		case "_sum":
			r.value(metric, s, false)
			sum = &s
		case "_created":
			continue
		}
	}
	first := samples[0]
	slices.SortStableFunc(buckets, func(a, b bucket) int { return cmp.Compare(a.bound, b.bound) })
	buckets = r.distinct(metric, buckets)
	r.bounds(metric, first, buckets)
	r.cumulative(metric, buckets)
	r.totals(metric, first, buckets, count, sum)
}

// distinct drops a bucket that stands twice in two spellings.
func (r *review) distinct(metric views.Metric, buckets []bucket) []bucket {
	return slices.CompactFunc(buckets, func(a, b bucket) bool {
		if a.bound == b.bound {
			r.wrong(DuplicateSeries, metric, b.sample, b.at, "", "the bucket of %v stands twice", b.bound)
		}
		return a.bound == b.bound
	})
}

func (r *review) bounds(metric views.Metric, first sample, buckets []bucket) {
	want := append(slices.Clone(metric.Buckets), math.Inf(1))
	remedy := "the buckets are " + join(want)
	switch {
	case metric.Form == views.Native:
		want = want[len(want)-1:]
		remedy = "in the contract it is native, of which a page shows +Inf alone"
	case len(buckets) == 1 && math.IsInf(buckets[0].bound, 1):
		remedy += "; a native histogram shows +Inf alone, and in the contract it is " + metric.Form.String()
	}
	var missing, extra []string
	extraAt := first.at
	for _, bound := range want {
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

func (r *review) cumulative(metric views.Metric, buckets []bucket) {
	for i, b := range buckets {
		if i > 0 && b.value < buckets[i-1].value {
			r.wrong(NotCumulative, metric, b.sample, b.at, "a bucket counts all observations up to its bound",
				"the bucket of %v has %v, less than the %v of the one below it", b.bound, b.value, buckets[i-1].value)
		}
	}
}

// totals checks the count and the sum.
func (r *review) totals(metric views.Metric, first sample, buckets []bucket, count, sum *sample) {
	if count == nil {
		r.wrong(WrongCount, metric, first, first.at, "", "there is no %s_count", metric.Name)
	}
	if sum == nil {
		r.wrong(WrongCount, metric, first, first.at, "", "there is no %s_sum", metric.Name)
	}
	if count == nil || sum == nil {
		return
	}
	if n := len(buckets); n > 0 && math.IsInf(buckets[n-1].bound, 1) && buckets[n-1].value != count.value {
		r.wrong(WrongCount, metric, *count, count.at, "", "the count is %v, the bucket of +Inf has %v", count.value, buckets[n-1].value)
	}
	if count.value == 0 && sum.value != 0 {
		r.wrong(WrongCount, metric, *sum, sum.at, "", "the sum is %v of no observations", sum.value)
	}
}
