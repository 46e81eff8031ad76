package views_test

import (
	"math"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/views"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*views.Contract)
		want   []string // parts of the error; none for a legal contract
	}{
		"default": {change: func(*views.Contract) {}},
		"presets": {change: func(c *views.Contract) {
			c.Metrics.PredictionDuration.Buckets = views.Buckets(views.VerySlow)
			c.Metrics.APILatency.Buckets = views.Buckets(views.Slow)
			c.Metrics.TimeToFirstToken.Buckets = views.Buckets(views.Fast)
		}},
		"extended": {change: func(c *views.Contract) {
			c.Labels.PredictionType = c.Labels.PredictionType.With("summarize")
			c.Labels.ErrorType = c.Labels.ErrorType.Only("timeout", "quota")
		}},
		"all mistakes at once": {
			change: func(c *views.Contract) {
				c.Metrics.PredictionDuration.Buckets = []float64{1, 1}
				c.Metrics.APILatency.Unit = "ms"
				c.Labels.CacheType.Budget = 0
			},
			want: []string{"bucket 1: 1 does not come after 1", `unit "ms"`, `label "cache_type": budget 0`},
		},
		"name": {
			change: func(c *views.Contract) { c.Metrics.Errors.Name = "errors_total" },
			want:   []string{`metric "errors_total": name is not of the form`},
		},
		"name with a double underscore": {
			change: func(c *views.Contract) { c.Metrics.Errors.Name = "dspy__errors_total" },
			want:   []string{"name is not of the form"},
		},
		"instrument": {
			change: func(c *views.Contract) { c.Metrics.Errors.Instrument = "dspy.Errors" },
			want:   []string{`instrument "dspy.Errors"`},
		},
		"counter without _total": {
			change: func(c *views.Contract) { c.Metrics.Errors.Name = "dspy_errors" },
			want:   []string{"_total"},
		},
		"gauge with _total": {
			change: func(c *views.Contract) { c.Metrics.ActivePredictions.Name = "dspy_active_predictions_total" },
			want:   []string{"_total"},
		},
		"kind": {
			change: func(c *views.Contract) { c.Metrics.Errors.Kind = "" },
			want:   []string{`kind ""`},
		},
		"unit not in the name": {
			change: func(c *views.Contract) { c.Metrics.CacheSize.Name = "dspy_cache_size" },
			want:   []string{"ends in _bytes"},
		},
		"unit 1 would become a ratio": {
			change: func(c *views.Contract) { c.Metrics.ActivePredictions.Unit = "1" },
			want:   []string{`unit "1"`},
		},
		"description": {
			change: func(c *views.Contract) { c.Metrics.Errors.Description = "Errors." },
			want:   []string{`description "Errors."`},
		},
		"same description": {
			change: func(c *views.Contract) { c.Metrics.Errors.Description = c.Metrics.CacheHits.Description },
			want:   []string{"description", "occurs twice"},
		},
		"same name and instrument": {
			change: func(c *views.Contract) {
				c.Metrics.Errors.Name = c.Metrics.CacheHits.Name
				c.Metrics.Errors.Instrument = c.Metrics.CacheHits.Instrument
			},
			want: []string{`name "dspy_cache_hits_total" occurs twice`, `instrument "dspy.cache.hits" occurs twice`},
		},
		"no buckets": {
			change: func(c *views.Contract) { c.Metrics.APILatency.Buckets = nil },
			want:   []string{"at least one bucket"},
		},
		"buckets of a counter": {
			change: func(c *views.Contract) { c.Metrics.Errors.Buckets = []float64{1} },
			want:   []string{"a counter has no buckets"},
		},
		"infinite bucket": {
			change: func(c *views.Contract) { c.Metrics.APILatency.Buckets = []float64{1, math.Inf(1)} },
			want:   []string{"bucket 1: +Inf is not finite"},
		},
		"NaN bucket": {
			change: func(c *views.Contract) { c.Metrics.APILatency.Buckets = []float64{math.NaN()} },
			want:   []string{"bucket 0: NaN is not finite"},
		},
		"undefined and repeated label": {
			change: func(c *views.Contract) { c.Metrics.Errors.Labels = []string{"service", "tenant", "service"} },
			want:   []string{`label "tenant" is not defined`, `label "service" occurs twice`},
		},
		"label key": {
			change: func(c *views.Contract) { c.Labels.Endpoint.Key = "__endpoint" },
			want:   []string{`label "__endpoint": key is not of the form`, `label "endpoint" is not defined`},
		},
		"reserved label": {
			change: func(c *views.Contract) { c.Labels.Endpoint.Key = "le" },
			want:   []string{"reserved by Prometheus"},
		},
		"same label key": {
			change: func(c *views.Contract) { c.Labels.Endpoint.Key = "method" },
			want:   []string{`label "method": key "method" occurs twice`},
		},
		"label description": {
			change: func(c *views.Contract) { c.Labels.Endpoint.Description = "" },
			want:   []string{`label "endpoint": description ""`},
		},
		"label values": {
			change: func(c *views.Contract) { c.Labels.ErrorType.Values = []string{"", "a", "a", "\xff"} },
			want:   []string{`value "" is empty`, `value "a" occurs twice`, `value "\xff"`},
		},
		"budget below the values": {
			change: func(c *views.Contract) { c.Labels.ErrorType.Budget = 2 },
			want:   []string{"budget 2 is less than its 11 well-known values"},
		},
		"budget of a closed label": {
			change: func(c *views.Contract) { c.Labels.Status.Budget = 5 },
			want:   []string{"closed label"},
		},
		"budget too large": {
			change: func(c *views.Contract) { c.Labels.Endpoint.Budget = views.MaxBudget + 1 },
			want:   []string{"is not between 1 and 65536"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract := views.Default()
			test.change(&contract)
			err := contract.Validate()
			if len(test.want) == 0 {
				if err != nil {
					t.Fatalf("got %v, want no error", err)
				}
				return
			}
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to contain %q", err, want)
				}
			}
		})
	}
}
