package e2e

import (
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
)

// contract keeps the samples of the documented metrics. Left out is what a
// scrape itself may change: the metrics about the metrics.
func contract(samples model.Vector) map[string]float64 {
	kept := map[string]float64{}
	for _, s := range samples {
		name := string(s.Metric[model.MetricNameLabel])
		if strings.HasPrefix(name, "dspy_") && !strings.HasPrefix(name, "dspy_metrics_") {
			kept[series(s.Metric)] = float64(s.Value)
		}
	}
	return kept
}

// series names a series by its labels, without those that Prometheus adds and
// with one spelling of bounds: the text format has le="1", OpenMetrics le="1.0".
func series(metric model.Metric) string {
	metric = metric.Clone()
	delete(metric, "job")
	delete(metric, "instance")
	if le, ok := metric[model.BucketLabel]; ok {
		if bound, err := strconv.ParseFloat(string(le), 64); err == nil {
			metric[model.BucketLabel] = model.LabelValue(strconv.FormatFloat(bound, 'g', -1, 64))
		}
	}
	return metric.String()
}

// total sums the samples of a metric whose labels have the given values.
func total(samples model.Vector, name string, labels model.LabelSet) float64 {
	var sum float64
	for _, s := range samples {
		if string(s.Metric[model.MetricNameLabel]) == name && matches(s.Metric, labels) {
			sum += float64(s.Value)
		}
	}
	return sum
}

func matches(metric model.Metric, labels model.LabelSet) bool {
	for name, value := range labels {
		if metric[name] != value {
			return false
		}
	}
	return true
}

// bounds returns the finite upper bounds of a histogram's buckets, ascending.
func bounds(samples model.Vector, histogram string) ([]float64, error) {
	var bounds []float64
	for _, s := range samples {
		le := string(s.Metric[model.BucketLabel])
		if string(s.Metric[model.MetricNameLabel]) != histogram+"_bucket" || le == "+Inf" {
			continue
		}
		bound, err := strconv.ParseFloat(le, 64)
		if err != nil {
			return nil, err
		}
		bounds = append(bounds, bound)
	}
	slices.Sort(bounds)
	return slices.Compact(bounds), nil
}
