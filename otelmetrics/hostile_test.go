package otelmetrics_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace"
	apitrace "go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// badly is what a method of the user's may do instead of returning.
type badly func()

func waysToEnd() map[string]badly {
	return map[string]badly{
		"panic":      func() { panic("user") },
		"panic nil":  func() { panic(nil) },
		"nil":        func() { var m map[string]int; m["x"] = 1 }, //nolint:staticcheck // on purpose
		"panic self": func() { panic(hostile{calls: "Error", do: runtime.Goexit}) },
		"exit":       runtime.Goexit,
	}
}

// hostile is an error one of whose methods behaves badly.
type hostile struct {
	calls string // the name of the method
	do    badly
}

func (h hostile) call(method string) {
	if h.calls == method {
		h.do()
	}
}

func (h hostile) Error() string        { h.call("Error"); return "hostile" }
func (h hostile) Is(error) bool        { h.call("Is"); return false }
func (h hostile) As(any) bool          { h.call("As"); return false }
func (h hostile) Unwrap() error        { h.call("Unwrap"); return nil }
func (h hostile) Timeout() bool        { h.call("Timeout"); return false }
func (h hostile) StatusCode() int      { h.call("StatusCode"); return 0 }
func (h hostile) String() string       { h.call("String"); return "" }
func (h hostile) GoString() string     { h.call("GoString"); return "" }
func (h hostile) Temporary() bool      { h.call("Temporary"); return false }
func (h hostile) LogValue() slog.Value { h.call("LogValue"); return slog.Value{} }

// hostileCode is one that gRPC's own would be recognized by.
type hostileCode struct{ do badly }

func (hostileCode) Error() string         { return "hostile" }
func (h hostileCode) GRPCStatus() *Status { h.do(); return nil }

// Status is not gRPC's.
type Status struct{}

// hostileContext is a context that behaves badly once it is armed.
type hostileContext struct {
	context.Context //nolint:containedctx // it is one
	armed           *bool
	do              badly
}

func (c hostileContext) Err() error {
	if *c.armed {
		c.do()
	}
	return nil
}

// separately runs a function in a goroutine of its own, and returns what it
// panicked with, and whether it returned.
func separately(f func()) (panicked any, returned bool) {
	var wg sync.WaitGroup
	wg.Go(func() {
		defer func() { panicked = recover() }()
		f()
		returned = true
	})
	wg.Wait()
	return panicked, returned
}

// wantOneFailure fails unless one prediction has failed with one error of the
// type, and none is active.
func wantOneFailure(t *testing.T, m *otelmetrics.Metrics, errorType otelmetrics.ErrorType) {
	t.Helper()
	page := scrape(t, m, text)
	wantLines(t, page,
		`dspy_active_predictions{service="qa"} 0`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="failure"} 1`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="success"} 0`,
		`dspy_prediction_duration_seconds_count{prediction_type="predict",service="qa"} 1`,
		fmt.Sprintf(`dspy_errors_total{error_type=%q,service="qa"} 1`, errorType),
	)
	if got := total(samples(t, page), "dspy_errors_total"); got != 1 {
		t.Errorf("got %v errors, want 1", got)
	}
}

// Whatever the code of the user's does that the end of a prediction calls: the
// prediction has ended, once, as a failure.
func TestHostileEnds(t *testing.T) {
	t.Parallel()
	for way, do := range waysToEnd() {
		classifier := []otelmetrics.Option{otelmetrics.WithErrorClassifier(func(error) otelmetrics.ErrorType { do(); return "" })}
		for name, test := range map[string]struct {
			options []otelmetrics.Option
			err     error
			want    otelmetrics.ErrorType
		}{
			"classifier":                   {classifier, errors.New("no"), otelmetrics.ErrorOther},
			"classifier of a typed error":  {classifier, &otelmetrics.Error{Type: otelmetrics.ErrorRateLimit}, otelmetrics.ErrorOther},
			"Is":                           {nil, hostile{"Is", do}, otelmetrics.ErrorOther},
			"As":                           {nil, hostile{"As", do}, otelmetrics.ErrorOther},
			"Unwrap":                       {nil, hostile{"Unwrap", do}, otelmetrics.ErrorOther},
			"Timeout":                      {nil, hostile{"Timeout", do}, otelmetrics.ErrorOther},
			"StatusCode":                   {nil, hostile{"StatusCode", do}, otelmetrics.ErrorOther},
			"Error, which nobody calls":    {nil, hostile{"Error", do}, otelmetrics.ErrorPredictionFailed},
			"LogValue, which nobody calls": {nil, hostile{"LogValue", do}, otelmetrics.ErrorPredictionFailed},
			"GRPCStatus":                   {nil, hostileCode{do}, otelmetrics.ErrorOther},
			"wrapped":                      {nil, fmt.Errorf("ask: %w", &hostile{"Is", do}), otelmetrics.ErrorOther},
			"joined":                       {nil, errors.Join(errors.New("no"), &hostile{"Timeout", do}), otelmetrics.ErrorOther},
			"within a typed error":         {nil, &otelmetrics.Error{Type: otelmetrics.ErrorRateLimit, Err: &hostile{"Is", do}}, otelmetrics.ErrorRateLimit},
		} {
			t.Run(way+" in "+name, func(t *testing.T) {
				t.Parallel()
				m := newRecorder(t, test.options...)
				panicked, returned := separately(func() {
					_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
					p.End(&test.err)
					p.End(&test.err)
				})
				if panicked != nil || !returned && way != "exit" {
					t.Errorf("End panicked with %T, returned: %t", panicked, returned)
				}
				wantOneFailure(t, m, test.want)
			})
			t.Run("panic with "+way+" in "+name, func(t *testing.T) {
				t.Parallel()
				m := newRecorder(t, test.options...)
				panicked, _ := separately(func() {
					_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
					defer p.End(&test.err)
					panic(&test)
				})
				if panicked != any(&test) {
					t.Errorf("got panic %T, want that of the prediction", panicked)
				}
				wantOneFailure(t, m, otelmetrics.ErrorPanic)
			})
		}
	}
}

// The context that a prediction was started with may be the user's.
func TestHostileContext(t *testing.T) {
	t.Parallel()
	for way, do := range waysToEnd() {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t)
			armed, err := false, errors.New("no")
			separately(func() {
				_, p := m.StartPrediction(hostileContext{t.Context(), &armed, do}, otelmetrics.Predict)
				armed = true
				p.End(&err)
			})
			if way == "exit" { // before the type was known
				wantOneFailure(t, m, otelmetrics.ErrorOther)
			} else {
				wantOneFailure(t, m, otelmetrics.ErrorPredictionFailed)
			}
		})
	}
}

// ring is an error that wraps itself, and forest one that joins itself.
type (
	ring   struct{ error }
	forest struct{ error }
)

func (r *ring) Unwrap() error     { return r }
func (f *forest) Unwrap() []error { return []error{f, f, f} }

func TestEndlessErrors(t *testing.T) {
	t.Parallel()
	for _, err := range []error{&ring{}, &forest{}, fmt.Errorf("ask: %w", &ring{}), errors.Join(&forest{}, &ring{})} {
		m := newRecorder(t)
		_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
		p.End(&err)
		wantOneFailure(t, m, otelmetrics.ErrorPredictionFailed)
		if got := otelmetrics.Classify(err); got != otelmetrics.ErrorPredictionFailed {
			t.Errorf("got %q", got)
		}
	}
}

// A goroutine that ends itself, as FailNow of package testing does, has not made
// its prediction.
func TestExitIsAFailure(t *testing.T) {
	t.Parallel()
	for name, predict := range map[string]func(context.Context, *otelmetrics.Metrics) error{
		"exit": func(ctx context.Context, m *otelmetrics.Metrics) (err error) {
			_, p := m.StartPrediction(ctx, otelmetrics.Predict)
			defer p.End(&err)
			runtime.Goexit()
			return nil
		},
		"without an error": func(ctx context.Context, m *otelmetrics.Metrics) (err error) {
			_, p := m.StartPrediction(ctx, otelmetrics.Predict)
			defer p.End(nil)
			runtime.Goexit()
			return nil
		},
		"deep": func(ctx context.Context, m *otelmetrics.Metrics) (err error) {
			_, p := m.Predictor(otelmetrics.Predict).Start(ctx)
			defer p.End(&err)
			func() { defer func() { _ = recover() }(); new(testing.T).SkipNow() }()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t)
			separately(func() { _ = predict(t.Context(), m) })
			wantOneFailure(t, m, otelmetrics.ErrorPanic)
		})
	}
}

// A function that runs because its goroutine ends makes predictions as any other.
func TestPredictionWhileExiting(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	predict := func() {
		_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
		defer p.End(nil)
	}
	separately(func() {
		defer predict()
		defer func() { predict() }()
		runtime.Goexit()
	})
	wantLines(t, scrape(t, m, text), `dspy_predictions_total{prediction_type="predict",service="qa",status="success"} 2`)
}

// End ends once, whoever calls it and from where.
func TestEndsAtTheSameTime(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	failed := errors.New("no")
	for range 200 {
		_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				switch i {
				case 0:
					p.End(nil)
				case 1:
					p.End(&failed)
				case 2:
					separately(func() { defer p.End(nil); runtime.Goexit() })
				default:
					separately(func() { defer p.End(nil); panic("no") })
				}
			})
		}
		wg.Wait()
	}
	page := samples(t, scrape(t, m, text))
	failures := page[`dspy_predictions_total{prediction_type="predict",service="qa",status="failure"}`]
	if got := total(page, "dspy_predictions_total"); got != 200 || total(page, "dspy_errors_total") != failures ||
		page[`dspy_active_predictions{service="qa"}`] != 0 {
		t.Errorf("got %v predictions, %v failures, %v errors", got, failures, total(page, "dspy_errors_total"))
	}
}

// A handler that ends its goroutine or panics has failed, and so has one that a
// function of the user's cannot name; none is counted twice or lost.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	fine := func(http.ResponseWriter, *http.Request) {}
	for way, do := range waysToEnd() {
		for name, test := range map[string]struct {
			option   otelmetrics.MiddlewareOption
			handler  http.HandlerFunc
			endpoint string
			status   int
		}{
			"handler": {handler: func(http.ResponseWriter, *http.Request) { do() }, endpoint: "/route", status: 500},
			"handler that has answered": {handler: func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte("x"))
				do()
			}, endpoint: "/route", status: 500},
			"route": {
				option:  otelmetrics.WithRoute(func(*http.Request) string { do(); return "" }),
				handler: fine, endpoint: "unmatched", status: 200,
			},
			"route after a panic": {
				option:  otelmetrics.WithRoute(func(*http.Request) string { do(); return "" }),
				handler: func(http.ResponseWriter, *http.Request) { panic("handler") }, endpoint: "unmatched", status: 500,
			},
			"filter": {
				option:  otelmetrics.WithRequestFilter(func(*http.Request) bool { do(); return false }),
				handler: fine, endpoint: "/route", status: 200,
			},
			"choice": {
				option:  otelmetrics.WithRecorder(func(*http.Request) *otelmetrics.Recorder { do(); return nil }),
				handler: fine, endpoint: "/route", status: 200,
			},
		} {
			t.Run(way+" in "+name, func(t *testing.T) {
				t.Parallel()
				m := newRecorder(t)
				mux := http.NewServeMux()
				mux.Handle("/route", test.handler)
				handler := m.Middleware(mux, test.option)
				panicked, _ := separately(func() {
					handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/route", nil))
				})
				if name == "route after a panic" && panicked != any("handler") {
					t.Errorf("got panic %T, want that of the handler", panicked)
				}
				if way == "exit" && (name == "filter" || name == "choice") {
					return // before there was anything to measure
				}
				wantLatency(t, m, test.endpoint, http.MethodGet, test.status)
			})
		}
	}
}

// hostileHandler is a log handler.
type hostileHandler struct {
	slog.Handler
	do badly
}

func (h hostileHandler) Handle(context.Context, slog.Record) error { h.do(); return nil }

// A logger may be broken: what it would have logged is measured all the same.
func TestHostileLogger(t *testing.T) {
	t.Parallel()
	ways := waysToEnd()
	ways["hang"] = func() { <-t.Context().Done() }
	for way, do := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			contract := tenants()
			contract.Labels.ErrorType.Budget = len(contract.Labels.ErrorType.Values)
			m := newRecorder(t, otelmetrics.WithContract(contract),
				otelmetrics.WithLogger(slog.New(hostileHandler{slog.Default().Handler(), do})),
				otelmetrics.WithErrorClassifier(func(error) otelmetrics.ErrorType { panic("no") }))
			var err error = &otelmetrics.Error{Type: "over the budget"}
			_, returned := separately(func() {
				m.With("no label", "x").RecordError(t.Context(), "over the budget")
				_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
				p.End(&err)
			})
			page := samples(t, scrape(t, m, text))
			if total(page, "dspy_predictions_total") != 1 || total(page, "dspy_errors_total") != 2 || !returned {
				t.Errorf("got %v predictions, %v errors, returned: %t", total(page, "dspy_predictions_total"), total(page, "dspy_errors_total"), returned)
			}
		})
	}
}

// hostileTracer is a provider, tracer and span.
type hostileTracer struct {
	apitrace.TracerProvider
	apitrace.Tracer
	do badly
}

func (h hostileTracer) Start(context.Context, string, ...apitrace.SpanStartOption) (context.Context, apitrace.Span) {
	h.do()
	return nil, nil
}

type hostileProvider struct {
	apitrace.TracerProvider
	do badly
}

func (h hostileProvider) Tracer(string, ...apitrace.TracerOption) apitrace.Tracer {
	return hostileTracer{do: h.do}
}

// hostileProcessor is a part of the SDK that is the user's.
type hostileProcessor struct{ do badly }

func (hostileProcessor) OnStart(context.Context, trace.ReadWriteSpan) {}
func (h hostileProcessor) OnEnd(trace.ReadOnlySpan)                   { h.do() }
func (hostileProcessor) Shutdown(context.Context) error               { return nil }
func (hostileProcessor) ForceFlush(context.Context) error             { return nil }

func TestHostileSpans(t *testing.T) {
	t.Parallel()
	for way, do := range waysToEnd() {
		for name, provider := range map[string]apitrace.TracerProvider{
			"start": hostileProvider{do: do},
			"end":   trace.NewTracerProvider(trace.WithSpanProcessor(hostileProcessor{do})),
		} {
			t.Run(way+" at the "+name, func(t *testing.T) {
				t.Parallel()
				m := newRecorder(t, otelmetrics.WithTracerProvider(provider))
				err := errors.New("no")
				_, returned := separately(func() {
					_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
					p.End(&err)
				})
				switch {
				case !returned && way != "exit":
					t.Error("it did not return")
				case returned || name == "end":
					wantOneFailure(t, m, otelmetrics.ErrorPredictionFailed)
				default: // The goroutine ended before the prediction began.
					wantLines(t, scrape(t, m, text), `dspy_active_predictions{service="qa"} 0`)
				}
			})
		}
	}
}

// A filter of exemplars is asked while something is measured.
func TestHostileExemplarFilter(t *testing.T) {
	t.Parallel()
	for way, do := range waysToEnd() {
		if way == "exit" {
			continue // whatever comes after it is lost with the goroutine
		}
		m := newRecorder(t, otelmetrics.WithExemplarFilter(func(context.Context) bool { do(); return true }))
		_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
		err := errors.New("no")
		p.End(&err)
		m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
		m.SetCacheSize(t.Context(), otelmetrics.CacheMemory, 1)
		wantOneFailure(t, m, otelmetrics.ErrorPredictionFailed)
	}
}
