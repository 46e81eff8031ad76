// Package otelmetrics records the metrics of DSPy and LLM prediction services
// through OpenTelemetry, under the names of the contract in package views. One
// set of instruments is read by Prometheus and pushed by OTLP.
//
//	m, err := otelmetrics.New(ctx, otelmetrics.WithService("qa"))
//	if err != nil {
//		return err
//	}
//	defer m.Shutdown(ctx)
//
//	mux.Handle("GET /metrics", m.Handler())
//	mux.Handle("POST /predict", m.Middleware(predict))
//
// [New] returns [Metrics], which own the pipeline: [Metrics.Handler] serves
// /metrics, [Metrics.Middleware] measures HTTP requests, [Metrics.Shutdown] ends
// it. They contain a [Recorder], which records for one service; give it to code
// that only records.
//
// # Predictions
//
// [Recorder.StartPrediction] measures a prediction: that it is active, how long it
// takes, how it ends and why it failed. Defer its end, and name the error:
//
//	func answer(ctx context.Context, question string) (text string, err error) {
//		ctx, p := m.StartPrediction(ctx, otelmetrics.ChainOfThought)
//		defer p.End(&err)
//		return ask(ctx, question)
//	}
//
// Code deep in the stack, where the model's client is, finds the prediction in the
// context and adds what it knows:
//
//	p := otelmetrics.PredictionFrom(ctx)
//	p.AddTokens(otelmetrics.TokensInput, usage.PromptTokens)
//
// A [Usage] has all that calls of a model say: tokens by type, what they cost, how
// many calls there were, why the model stopped. [Prediction.AddUsage] adds it to a
// prediction, [Recorder.RecordUsage] to one that was measured elsewhere. Of a
// stream, [Prediction.FirstToken] and [Prediction.LastToken] give the times of its
// tokens; [Prediction.BeginUpstream] and [Prediction.EndUpstream] tell the time of
// the model from that of the program around it.
//
// The rest has a verb of the Recorder each: errors of requests that were refused
// before they became predictions, hits and misses of a cache, attempts upstream,
// scores. Those who cannot use StartPrediction record its parts by hand:
// [Recorder.TrackActive], [Recorder.StartTimer], [Recorder.RecordPrediction] and
// [Recorder.RecordError].
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
// # Settings
//
// Options of New change buckets, labels and budgets ([WithContract]), where the
// metrics go ([WithOTLP], [WithExporter], [WithReader], [WithMeterProvider]) and
// what is measured beside ([WithTracerProvider], [WithGenAI], [WithPrices]). The
// OTEL_* variables of OpenTelemetry's specification hold where no option does.
//
// Values of labels are strings with a type and well-known constants, such as
// [ErrorTimeout]. Any other value is legal too, as far as its label takes it.
// Durations are recorded in seconds, sizes in bytes, costs in US dollars. Unless it
// says otherwise, everything here is safe for concurrent use, and recording
// neither blocks nor fails: a nil or zero value records nothing, and a measurement
// that makes no sense, such as a count below zero, is ignored.
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
