// Package otelmetrics records the metrics of DSPy and LLM prediction services
// through OpenTelemetry, under the names of the contract in package views. One
// set of instruments is read by Prometheus and pushed by OTLP.
//
// [New] returns [Metrics], which own the pipeline: [Metrics.Handler] serves
// /metrics, [Metrics.Middleware] measures HTTP requests, [Metrics.Shutdown] ends
// it. They contain a [Recorder], which records: [Recorder.StartPrediction]
// measures predictions.
//
// # What counts
//
// A prediction is one answer asked for, be it made, cached or shared with an
// equal one in flight. Each ends in exactly one status, and a failed one adds
// exactly one error; in every collection started = success + failure + active.
// A retry inside is not a second prediction. A request that was refused before
// a prediction started is an error and a latency, not a prediction.
//
// # Labels
//
// Every label has a budget of distinct values. A value over it is recorded as
// "other", counted in dspy_metrics_label_overflow_total and logged once; an
// empty one is recorded as "unknown"; invalid UTF-8, control characters and
// overlong values are made legal. Nothing that is measured can break the page.
// Labels of your own stand in the contract like the others; [Recorder.With]
// gives the recorder of one value.
//
// # What is not promised
//
// A value that was admitted to a label keeps its place for the life of the
// process. Series of different metrics in one collection are read one after the
// other, so a failed prediction and its error may show in two collections. Whatever is
// measured between the last push and the end of a process that is killed is
// lost to the push path.
//
// The package has no variables, starts nothing that [Metrics.Shutdown] does not
// end, and touches neither OpenTelemetry's global provider nor Prometheus'
// default registry.
package otelmetrics
