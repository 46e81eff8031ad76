package otlptest_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
)

// TestMain fails the run if a goroutine of a receiver outlived its test.
func TestMain(m *testing.M) {
	code := m.Run()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "internal/otlptest.") {
			fmt.Fprintf(os.Stderr, "left running:\n%s\n", stack)
			code = 1
		}
	}
	os.Exit(code)
}

// protocol is one way to send: the receiver for it and the real exporter.
type protocol struct {
	receiver func(testing.TB) *otlptest.Receiver
	exporter func(testing.TB, *otlptest.Receiver) sdkmetric.Exporter
	failure  otlptest.Answer // one that the exporter does not retry
}

func protocols() map[string]protocol {
	failHTTP := otlptest.Fail(http.StatusBadRequest)
	failGRPC := otlptest.Fail(otlptest.InvalidArgument)
	return map[string]protocol{
		"grpc":      {otlptest.NewGRPC, grpcExporter(), failGRPC},
		"grpc gzip": {otlptest.NewGRPC, grpcExporter(otlpmetricgrpc.WithCompressor("gzip")), failGRPC},
		"http":      {otlptest.NewHTTP, httpExporter(), failHTTP},
		"http gzip": {otlptest.NewHTTP, httpExporter(otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression)), failHTTP},
	}
}

func grpcExporter(options ...otlpmetricgrpc.Option) func(testing.TB, *otlptest.Receiver) sdkmetric.Exporter {
	return func(t testing.TB, r *otlptest.Receiver) sdkmetric.Exporter {
		exporter, err := otlpmetricgrpc.New(t.Context(), append(options,
			otlpmetricgrpc.WithEndpointURL(r.Endpoint()),
			otlpmetricgrpc.WithHeaders(map[string]string{"x-tenant": "qa"}),
			otlpmetricgrpc.WithRetry(otlpmetricgrpc.RetryConfig{}))...)
		return usable(t, exporter, err)
	}
}

func httpExporter(options ...otlpmetrichttp.Option) func(testing.TB, *otlptest.Receiver) sdkmetric.Exporter {
	return func(t testing.TB, r *otlptest.Receiver) sdkmetric.Exporter {
		exporter, err := otlpmetrichttp.New(t.Context(), append(options,
			otlpmetrichttp.WithEndpointURL(r.Endpoint()+"/v1/metrics"),
			otlpmetrichttp.WithHeaders(map[string]string{"x-tenant": "qa"}),
			otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{}))...)
		return usable(t, exporter, err)
	}
}

func usable(t testing.TB, exporter sdkmetric.Exporter, err error) sdkmetric.Exporter {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := exporter.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return exporter
}

// each runs the test with every protocol.
func each(t *testing.T, test func(*testing.T, protocol, *otlptest.Receiver, sdkmetric.Exporter)) {
	for name, p := range protocols() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := p.receiver(t)
			test(t, p, r, p.exporter(t, r))
		})
	}
}

func metrics(name string) *metricdata.ResourceMetrics {
	sum := metricdata.Sum[int64]{
		Temporality: metricdata.CumulativeTemporality,
		IsMonotonic: true,
		DataPoints:  []metricdata.DataPoint[int64]{{Value: 7}},
	}
	return &metricdata.ResourceMetrics{ScopeMetrics: []metricdata.ScopeMetrics{
		{Metrics: []metricdata.Metrics{{Name: name, Data: sum}}},
	}}
}

func names(sent []otlptest.Resource) []string {
	var names []string
	for _, resource := range sent {
		for _, metric := range resource.Metrics {
			names = append(names, metric.Name)
		}
	}
	return names
}

func TestAccept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ protocol, r *otlptest.Receiver, exporter sdkmetric.Exporter) {
		sent := make(chan error, 1)
		go func() { sent <- exporter.Export(t.Context(), metrics("requests")) }()

		r.Wait(t, func(got []otlptest.Resource) bool { return len(names(got)) == 1 })
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		request := r.Requests()[0]
		if got := names(request.Resources); got[0] != "requests" || !request.Accepted {
			t.Errorf("got metric %q, accepted %t, want %q, true", got, request.Accepted, "requests")
		}
		if got := request.Header.Get("X-Tenant"); got != "qa" {
			t.Errorf("got header %q, want %q", got, "qa")
		}
	})
}

func TestFail(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p protocol, r *otlptest.Receiver, exporter sdkmetric.Exporter) {
		r.Respond(p.failure)
		if err := exporter.Export(t.Context(), metrics("refused")); err == nil {
			t.Error("got no error from a failing receiver")
		}
		r.Respond(otlptest.Accept())
		if err := exporter.Export(t.Context(), metrics("taken")); err != nil {
			t.Errorf("after recovery: %v", err)
		}
		r.Wait(t, func(got []otlptest.Resource) bool {
			return fmt.Sprint(names(got)) == "[taken]"
		})
		if got := r.Requests(); len(got) != 2 || got[0].Accepted {
			t.Errorf("got %d requests, first accepted %t, want 2, false", len(got), got[0].Accepted)
		}
	})
}

func TestHangUntilClientGoes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ protocol, r *otlptest.Receiver, exporter sdkmetric.Exporter) {
		r.Respond(otlptest.Hang())
		ctx, leave := context.WithCancel(t.Context())
		sent := make(chan error, 1)
		go func() { sent <- exporter.Export(ctx, metrics("late")) }()

		r.WaitRequests(t, func(got []otlptest.Request) bool { return len(got) == 1 })
		leave()
		if err := <-sent; err == nil {
			t.Error("got no error from a hanging receiver")
		}
	})
}

func TestHangUntilTestEnds(t *testing.T) {
	t.Parallel()
	for name, p := range protocols() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := make(chan error, 1)
			t.Run("inner", func(t *testing.T) {
				r := p.receiver(t)
				r.Respond(otlptest.Hang())
				exporter := p.exporter(t, r)
				go func() { sent <- exporter.Export(context.WithoutCancel(t.Context()), metrics("late")) }()
				r.WaitRequests(t, func(got []otlptest.Request) bool { return len(got) == 1 })
			})
			if err := <-sent; err == nil {
				t.Error("got no error from a hanging receiver")
			}
		})
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ protocol, r *otlptest.Receiver, exporter sdkmetric.Exporter) {
		// A first export opens the connection that refusing must end.
		if err := exporter.Export(t.Context(), metrics("before")); err != nil {
			t.Fatal(err)
		}
		r.Respond(otlptest.Refuse())
		if err := exporter.Export(t.Context(), metrics("during")); err == nil {
			t.Error("got no error from a refusing receiver")
		}
		if got := len(r.Requests()); got != 1 {
			t.Errorf("got %d requests, want 1", got)
		}
	})
}

func TestHTTPRejects(t *testing.T) {
	t.Parallel()
	r := otlptest.NewHTTP(t)
	for name, test := range map[string]struct {
		path, contentType, encoding, body string
		want                              int
	}{
		"other path":         {"/v1/traces", "application/x-protobuf", "", "", http.StatusNotFound},
		"json":               {"/v1/metrics", "application/json", "", "{}", http.StatusUnsupportedMediaType},
		"not protobuf":       {"/v1/metrics", "application/x-protobuf", "", "\xff", http.StatusBadRequest},
		"not gzip":           {"/v1/metrics", "application/x-protobuf", "gzip", "plain", http.StatusBadRequest},
		"unknown encoding":   {"/v1/metrics", "application/x-protobuf", "br", "", http.StatusBadRequest},
		"body over the size": {"/v1/metrics", "application/x-protobuf", "", strings.Repeat("x", 5<<20), http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.Endpoint()+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", test.contentType)
			req.Header.Set("Content-Encoding", test.encoding)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != test.want {
				t.Errorf("got status %d, want %d", resp.StatusCode, test.want)
			}
		})
	}
	if got := len(r.Requests()); got != 0 {
		t.Errorf("got %d requests kept, want none", got)
	}
}
