package slo_test

import (
	"math"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	if err := slo.Default().Validate(views.Default().Metrics.PredictionDuration); err != nil {
		t.Error(err)
	}
	if err := slo.Default().Validate(views.Metric{}); err != nil {
		t.Errorf("without a duration: %v", err)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*slo.Objectives, *views.Metric)
		want   []string
	}{
		"latency bound between buckets": {
			func(o *slo.Objectives, _ *views.Metric) { o.LatencyBound = 3 },
			[]string{"latency bound 3 is not a bucket bound", "2.5 5 10"},
		},
		"latency bound above other buckets": {
			func(_ *slo.Objectives, m *views.Metric) { m.Buckets = views.Buckets(views.Fast) },
			[]string{"latency bound 10 is not a bucket bound"},
		},
		"p95 between buckets": {
			func(o *slo.Objectives, _ *views.Metric) { o.P95 = 3 },
			[]string{"p95 3 is not a bucket bound", "2.5 5 10"},
		},
		"client errors that are no types": {
			func(o *slo.Objectives, _ *views.Metric) { o.ClientErrors = []string{"time out", ""} },
			[]string{`client error "time out"`, `client error ""`},
		},
		"jobs that are none": {
			func(o *slo.Objectives, _ *views.Metric) { o.Job, o.CollectorJob = "qa||billing", "(" },
			[]string{`job "qa||billing" has an empty name`, `collector job "(" is not a valid regular expression`},
		},
		"an outage that is within what is usual": {
			func(o *slo.Objectives, _ *views.Metric) { o.OutageRate = 0.05 },
			[]string{"outage rate 0.05"},
		},
		"shares that are none": {
			func(o *slo.Objectives, _ *views.Metric) {
				o.RefusedRate, o.InvalidRate, o.TruncatedRate, o.ScoreDrop, o.DailyBudget = 1, 0, 20, -1, -5
			},
			[]string{"refused rate 1", "invalid rate 0", "truncated rate 20", "score drop -1", "daily budget -5"},
		},
		"budgets of models that are none": {
			func(o *slo.Objectives, _ *views.Metric) {
				o.ModelBudgets = map[string]float64{"": 5, "a": 0, "b": -1, "c": math.NaN(), "d": math.Inf(1), "e": 3, "{{ f }}": 1}
			},
			[]string{"names no model", `0 of the model "a"`, `-1 of the model "b"`, `NaN of the model "c"`, `+Inf of the model "d"`, `the model "{{ f }}"`},
		},
		"objective too low to page": {
			func(o *slo.Objectives, _ *views.Metric) { o.Availability = 0.9 },
			[]string{"availability objective 0.9", "burn rate 14.4"},
		},
		"objectives without a budget": {
			func(o *slo.Objectives, _ *views.Metric) { o.Availability, o.Latency = 1, 1 },
			[]string{"availability objective 1 is not between", "latency objective 1 is not between"},
		},
		"percentages": {
			func(o *slo.Objectives, _ *views.Metric) { o.ErrorRate, o.CacheHitRate = 5, 50 },
			[]string{"error rate 5 is not", "cache hit rate 50 is not"},
		},
		"no number": {
			func(o *slo.Objectives, _ *views.Metric) { o.ErrorRate = math.NaN() },
			[]string{"error rate NaN"},
		},
		"error rate below what is allowed": {
			func(o *slo.Objectives, _ *views.Metric) { o.ErrorRate = 0.001 },
			[]string{"error rate 0.001 must be higher than what availability 0.99 allows"},
		},
		"no volumes": {
			func(o *slo.Objectives, _ *views.Metric) { o.Volume, o.LookupVolume, o.BudgetVolume = 0, -1, 0 },
			[]string{"volume 0", "lookup volume -1", "budget volume 0"},
		},
		"no job": {
			func(o *slo.Objectives, _ *views.Metric) { o.Job = "" },
			[]string{`job ""`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objectives, duration := slo.Default(), views.Default().Metrics.PredictionDuration
			test.change(&objectives, &duration)
			err := objectives.Validate(duration)
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %q", err, want)
				}
			}
		})
	}
}
