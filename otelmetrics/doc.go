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
// # Predictions within predictions
//
// A prediction that is started within another counts for itself, with its own
// type, status, duration and tokens. Its parent has nothing of it but its time:
// tokens and cost that are added to a child are not added to the parent, so that
// a sum over all types counts each once. A child that fails, and makes its
// parent fail, is two failed predictions and two errors. Start a prediction
// where an answer is asked for, and none for the steps inside that are no
// answers to anybody; a span of your own shows those. Predictions that run side
// by side each need the context that [Recorder.StartPrediction] returned for
// them. [PredictionFrom] finds the innermost one of a context.
//
// # Labels
//
// Every label has a budget of distinct values. A value over it is recorded as
// "other", counted in dspy_metrics_label_overflow_total and logged once; an
// empty one is recorded as "unknown"; invalid UTF-8, control characters and
// overlong values are made legal. Nothing that is measured can break the page.
// Labels of your own are part of the contract like the others; [Recorder.With]
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
