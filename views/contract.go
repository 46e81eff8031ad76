package views

import (
	"reflect"
	"slices"
)

// Contract is the promise of the product: the metrics and their labels.
type Contract struct {
	Labels  Labels
	Metrics Metrics
}

// Labels are the definitions of all labels of the contract.
type Labels struct {
	Service, PredictionType, Status, CacheType, ErrorType, TokenType Label
	Endpoint, Method, StatusCode                                     Label
	// Outcome is how an attempt to get an answer ended, UsageReason why the usage
	// of an answer is not known.
	Outcome, UsageReason Label
	// Model is the language model, as its provider calls it, Source who says what
	// it cost, and FinishReason why it stopped.
	Model, Source, FinishReason Label
	// Score is the name of a metric function of the user's.
	Score Label
	// Version, Revision and GoVersion are those of the metric BuildInfo.
	Version, Revision, GoVersion Label
	// Overflowed is the label of the metric LabelOverflow.
	Overflowed Label

	// Own are labels beyond the documented ones: see [Contract.AddLabel].
	Own []Label
}

// Metrics are all metrics of the contract, in the order of the documentation.
// One that is set to the zero Metric is left out: nothing is recorded for it.
type Metrics struct {
	Predictions, CacheHits, CacheMisses, CacheEvictions, Errors Metric
	ActivePredictions, CacheSize                                Metric
	PredictionDuration, APILatency                              Metric
	Tokens, TimeToFirstToken, Cost                              Metric
	TimePerOutputToken, Overhead                                Metric
	UpstreamAttempts                                            Metric
	LMCalls, ToolCalls, ParseFailures, Finishes                 Metric
	TokensSaved, UsageMissing                                   Metric
	PredictionScore, ActivePredictionsLimit                     Metric

	// The metrics about the metrics.
	BuildInfo, LabelOverflow, ScrapeErrors, ExportErrors, RefusedScores Metric

	// Own are metrics beyond the documented ones, whose names are not under
	// dspy_. Declare their instruments with any meter of the provider: the view
	// gives them their name, labels and buckets, as it does for the others. The
	// values of their labels are bounded by the series limit only.
	Own []Metric
}

// Default returns the documented contract. Each call returns a value of its
// own, which the caller may change; see [Contract.Validate].
func Default() Contract {
	return Contract{Labels: defaultLabels(), Metrics: defaultMetrics()}
}

func defaultLabels() Labels {
	labels := Labels{
		Service:        Label{Key: "service", Description: "The service that answers", Budget: 16},
		PredictionType: Label{Key: "prediction_type", Description: "The kind of DSPy module", Values: predictionTypes(), Budget: 32},
		Status:         Label{Key: "status", Description: "How the prediction ended"}.Only(statuses()...),
		CacheType:      Label{Key: "cache_type", Description: "The cache that was asked", Values: cacheTypes(), Budget: 8},
		ErrorType:      Label{Key: "error_type", Description: "Why it failed", Values: errorTypes(), Budget: 32},
		TokenType:      Label{Key: "token_type", Description: "What the tokens were"}.Only(tokenTypes()...),
		Endpoint:       Label{Key: "endpoint", Description: "The route pattern, never the path", Budget: 64},
		Method:         Label{Key: "method", Description: "The request method"}.Only(methods()...),
		StatusCode:     Label{Key: "status_code", Description: "The response status, 499 if the client went away", Budget: 32},
		Outcome:        Label{Key: "outcome", Description: "How the attempt ended: success or an error type", Values: outcomes(), Budget: 32},
		UsageReason:    Label{Key: "reason", Description: "Why the usage is not known"}.Only(usageReasons()...),
		Model:          Label{Key: "model", Description: "The language model, as its provider calls it", Budget: 32},
		Source:         Label{Key: "source", Description: "Who says what it cost"}.Only(costSources()...),
		FinishReason:   Label{Key: "finish_reason", Description: "Why the language model stopped"}.Only(finishReasons()...),
		Score:          Label{Key: "score", Description: "The metric function that gave the score", Budget: 16},
		Version:        Label{Key: "version", Description: "The version of the program, or of the library in it", Budget: 1},
		Revision:       Label{Key: "revision", Description: "The commit that the program was built from", Budget: 1},
		GoVersion:      Label{Key: "go_version", Description: "The version of Go that the program was built with", Budget: 1},
	}
	overflowed := Label{Key: "label", Description: "The label whose value was recorded as other"}
	for _, label := range labels.All() {
		overflowed.Values = append(overflowed.Values, label.Key)
	}
	labels.Overflowed = overflowed.Only(slices.DeleteFunc(overflowed.Values, func(key string) bool { return key == "" })...)
	return labels
}

func defaultMetrics() Metrics {
	const (
		service        = "service"
		predictionType = "prediction_type"
		cacheType      = "cache_type"
		model          = "model"
		tokenType      = "token_type"
	)
	return Metrics{
		Predictions: Metric{
			Name: "dspy_predictions_total", Instrument: "dspy.predictions",
			Kind: Counter, Unit: "{prediction}",
			Description: "Predictions that ended, by status",
			Labels:      []string{service, predictionType, "status"},
		},
		CacheHits: Metric{
			Name: "dspy_cache_hits_total", Instrument: "dspy.cache.hits",
			Kind: Counter, Unit: "{hit}",
			Description: "Predictions that a cache answered",
			Labels:      []string{service, cacheType},
		},
		CacheMisses: Metric{
			Name: "dspy_cache_misses_total", Instrument: "dspy.cache.misses",
			Kind: Counter, Unit: "{miss}",
			Description: "Predictions that a cache was asked for and did not have",
			Labels:      []string{service, cacheType},
		},
		CacheEvictions: Metric{
			Name: "dspy_cache_evictions_total", Instrument: "dspy.cache.evictions",
			Kind: Counter, Unit: "{eviction}",
			Description: "Entries that a cache removed to make room or because they expired",
			Labels:      []string{service, cacheType},
		},
		Errors: Metric{
			Name: "dspy_errors_total", Instrument: "dspy.errors",
			Kind: Counter, Unit: "{error}",
			Description: "Errors, by type",
			Labels:      []string{service, "error_type"},
		},
		ActivePredictions: Metric{
			Name: "dspy_active_predictions", Instrument: "dspy.active_predictions",
			Kind: UpDownCounter, Unit: "{prediction}",
			Description: "Predictions that have started and not ended",
			Labels:      []string{service},
		},
		CacheSize: Metric{
			Name: "dspy_cache_size_bytes", Instrument: "dspy.cache.size",
			Kind: Gauge, Unit: "By",
			Description: "Size of a cache",
			Labels:      []string{service, cacheType},
		},
		PredictionDuration: Metric{
			Name: "dspy_prediction_duration_seconds", Instrument: "dspy.prediction.duration",
			Kind: Histogram, Float: true, Unit: "s",
			Description: "Duration of predictions, failed ones included",
			Labels:      []string{service, predictionType},
			Buckets:     predictionBuckets(),
		},
		APILatency: Metric{
			Name: "dspy_api_latency_seconds", Instrument: "dspy.api.latency",
			Kind: Histogram, Float: true, Unit: "s",
			Description: "Latency of HTTP requests until the handler returned",
			Labels:      []string{service, "endpoint", "method", "status_code"},
			Buckets:     Buckets(Fast),
		},
		Tokens: Metric{
			Name: "dspy_tokens_total", Instrument: "dspy.tokens",
			Kind: Counter, Unit: "{token}",
			Description: "Tokens that were spent, by type",
			Labels:      []string{service, predictionType, model, tokenType},
		},
		TimeToFirstToken: Metric{
			Name: "dspy_time_to_first_token_seconds", Instrument: "dspy.time_to_first_token",
			Kind: Histogram, Float: true, Unit: "s",
			Description: "Time from the start of a streamed prediction to its first content",
			Labels:      []string{service, predictionType},
			Buckets:     predictionBuckets(),
		},
		Cost: Metric{
			Name: "dspy_cost_usd_total", Instrument: "dspy.cost",
			Kind: Counter, Float: true, Unit: "{USD}",
			Description: "Money that was spent, in US dollars, by who says so",
			Labels:      []string{service, predictionType, model, "source"},
		},
		TimePerOutputToken: Metric{
			Name: "dspy_time_per_output_token_seconds", Instrument: "dspy.time_per_output_token",
			Kind: Histogram, Float: true, Unit: "s",
			Description: "Mean time between the output tokens of a streamed prediction, after the first one",
			Labels:      []string{service, predictionType},
			Buckets:     tokenBuckets(),
		},
		Overhead: Metric{
			Name: "dspy_overhead_seconds", Instrument: "dspy.overhead",
			Kind: Histogram, Float: true, Unit: "s",
			Description: "Time that predictions took beyond that of their upstream",
			Labels:      []string{service, predictionType},
			Buckets:     overheadBuckets(),
		},
		UpstreamAttempts: Metric{
			Name: "dspy_upstream_attempts_total", Instrument: "dspy.upstream.attempts",
			Kind: Counter, Unit: "{attempt}",
			Description: "Attempts to get an answer from upstream, retries included, by outcome",
			Labels:      []string{service, "outcome"},
		},
		LMCalls: Metric{
			Name: "dspy_lm_calls_total", Instrument: "dspy.lm_calls",
			Kind: Counter, Unit: "{call}",
			Description: "Calls of language models on the way to predictions, those that a cache answered included",
			Labels:      []string{service, predictionType, model},
		},
		ToolCalls: Metric{
			Name: "dspy_tool_calls_total", Instrument: "dspy.tool_calls",
			Kind: Counter, Unit: "{call}",
			Description: "Calls of tools on the way to predictions",
			Labels:      []string{service, predictionType},
		},
		ParseFailures: Metric{
			Name: "dspy_parse_failures_total", Instrument: "dspy.parse_failures",
			Kind: Counter, Unit: "{failure}",
			Description: "Completions that could not be parsed",
			Labels:      []string{service, predictionType},
		},
		Finishes: Metric{
			Name: "dspy_finishes_total", Instrument: "dspy.finishes",
			Kind: Counter, Unit: "{finish}",
			Description: "Answers of language models that ended, by why they did",
			Labels:      []string{service, predictionType, "finish_reason"},
		},
		TokensSaved: Metric{
			Name: "dspy_tokens_saved_total", Instrument: "dspy.tokens.saved",
			Kind: Counter, Unit: "{token}",
			Description: "Tokens that a cached answer once cost and this time did not, by type",
			Labels:      []string{service, predictionType, tokenType},
		},
		UsageMissing: Metric{
			Name: "dspy_usage_missing_total", Instrument: "dspy.usage.missing",
			Kind: Counter, Unit: "{answer}",
			Description: "Answers whose tokens or cost are not known, by reason",
			Labels:      []string{service, "reason"},
		},
		PredictionScore: Metric{
			Name: "dspy_prediction_score", Instrument: "dspy.prediction.score",
			Kind: Histogram, Float: true, Unit: "{score}",
			Description: "Scores of predictions, from 0 to 1, by the metric function that gave them",
			Labels:      []string{service, predictionType, "score"},
			Buckets:     scoreBuckets(),
		},
		ActivePredictionsLimit: Metric{
			Name: "dspy_active_predictions_limit", Instrument: "dspy.active_predictions.limit",
			Kind: Gauge, Unit: "{prediction}",
			Description: "How many predictions may be active at a time",
			Labels:      []string{service},
		},
		BuildInfo: Metric{
			Name: "dspy_metrics_build_info", Instrument: "dspy.metrics.build_info",
			Kind: Gauge, Unit: "{build}",
			Description: "The build of the program, always 1",
			Labels:      []string{"version", "revision", "go_version"},
		},
		LabelOverflow: Metric{
			Name: "dspy_metrics_label_overflow_total", Instrument: "dspy.metrics.label_overflow",
			Kind: Counter, Unit: "{measurement}",
			Description: "Measurements with a label value recorded as other because it is over the budget or not allowed",
			Labels:      []string{"label"},
		},
		ScrapeErrors: Metric{
			Name: "dspy_metrics_scrape_errors_total", Instrument: "dspy.metrics.scrape_errors",
			Kind: Counter, Unit: "{error}",
			Description: "Scrapes that had to leave something out",
		},
		ExportErrors: Metric{
			Name: "dspy_metrics_export_errors_total", Instrument: "dspy.metrics.export_errors",
			Kind: Counter, Unit: "{error}",
			Description: "OTLP exports that failed; the totals go out with the next one that succeeds",
		},
		RefusedScores: Metric{
			Name: "dspy_metrics_refused_scores_total", Instrument: "dspy.metrics.refused_scores",
			Kind: Counter, Unit: "{score}",
			Description: "Scores that were not recorded because they are not between 0 and 1",
			Labels:      []string{"score"},
		},
	}
}

// All returns the metrics in the order of the documentation, then the own ones.
// Those that are left out are not among them.
func (m Metrics) All() []Metric {
	return slices.DeleteFunc(values(m.pointers()), func(m Metric) bool { return m.leftOut() })
}

// All returns the labels in the order of the documentation, then the own ones.
func (l Labels) All() []Label { return values(l.pointers()) }

// pointers returns the metrics to change, those that are left out too.
func (m *Metrics) pointers() []*Metric { return append(fields[Metric](m), pointers(m.Own)...) }

// pointers returns the labels to change.
func (l *Labels) pointers() []*Label { return append(fields[Label](l), pointers(l.Own)...) }

// Named returns the metric with this name, an own one too, to be read or
// changed, or nil.
func (m *Metrics) Named(name string) *Metric {
	for _, metric := range m.pointers() {
		if !metric.leftOut() && metric.Name == name {
			return metric
		}
	}
	return nil
}

// Named returns the label with this key, an own one too, to be read or changed,
// or nil.
func (l *Labels) Named(key string) *Label {
	for _, label := range l.pointers() {
		if label.Key == key {
			return label
		}
	}
	return nil
}

// AddLabel adds a label of the user's own to metrics of the contract or, if none
// is given, to every documented one that has the label service:
//
//	contract.AddLabel(views.Label{Key: "tenant", Description: "Who asks"}.Only("acme", "initech"))
func (c *Contract) AddLabel(label Label, metrics ...*Metric) {
	if len(metrics) == 0 {
		for _, metric := range fields[Metric](&c.Metrics) {
			if slices.Contains(metric.Labels, c.Labels.Service.Key) {
				metrics = append(metrics, metric)
			}
		}
	}
	for _, metric := range metrics {
		metric.Labels = append(slices.Clip(metric.Labels), label.Key)
	}
	c.Labels.Own = append(slices.Clip(c.Labels.Own), label)
	c.Labels.Overflowed = c.Labels.Overflowed.With(label.Key)
}

// Clone returns a copy that shares nothing with the contract.
func (c Contract) Clone() Contract {
	c.Labels.Own, c.Metrics.Own = slices.Clone(c.Labels.Own), slices.Clone(c.Metrics.Own)
	for _, label := range c.Labels.pointers() {
		*label = label.clone()
	}
	for _, metric := range c.Metrics.pointers() {
		*metric = metric.clone()
	}
	return c
}

// fields returns the fields of this type, so that no list of them has to be kept
// beside the struct.
func fields[T, S any](s *S) []*T {
	v := reflect.ValueOf(s).Elem()
	out := make([]*T, 0, v.NumField())
	for _, value := range v.Fields() {
		if field, ok := reflect.TypeAssert[*T](value.Addr()); ok {
			out = append(out, field)
		}
	}
	return out
}

func pointers[T any](all []T) []*T {
	out := make([]*T, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}

func values[T any](all []*T) []T {
	out := make([]T, len(all))
	for i, one := range all {
		out[i] = *one
	}
	return out
}
