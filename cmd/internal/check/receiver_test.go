package check_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	otlpmetric "go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/check"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// TestReceiver sends with the real exporters to one address.
func TestReceiver(t *testing.T) {
	t.Parallel()
	exporters := map[string]func(address string) (sdkmetric.Exporter, error){
		"grpc": func(address string) (sdkmetric.Exporter, error) {
			return otlpmetricgrpc.New(t.Context(), otlpmetricgrpc.WithEndpoint(address), otlpmetricgrpc.WithInsecure(), otlpmetricgrpc.WithCompressor("gzip"))
		},
		"http": func(address string) (sdkmetric.Exporter, error) {
			return otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpoint(address), otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
		},
	}
	receiver, err := check.Listen(t.Context(), "127.0.0.1:0", checker(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for name, exporter := range exporters {
		exporter, err := exporter(receiver.Addr())
		if err != nil {
			t.Fatal(err)
		}
		provider := sdkmetric.NewMeterProvider(
			sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter)), sdkmetric.WithView(views.Default().View()),
			sdkmetric.WithResource(resource.NewSchemaless(attribute.String("service.name", name))))
		counter, err := provider.Meter("test").Int64Counter("dspy.errors", otlpmetric.WithUnit("{error}"))
		if err != nil {
			t.Fatal(err)
		}
		counter.Add(t.Context(), 1, otlpmetric.WithAttributes(attribute.String("service", name), attribute.String("error_type", "timeout")))
		if err := provider.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := receiver.Close(); err != nil {
		t.Error(err)
	}
	clients := receiver.Clients()
	if len(clients) != len(exporters) {
		t.Fatalf("got %d clients, want %d", len(clients), len(exporters))
	}
	for _, client := range clients {
		if exporters[client.Name] == nil || client.Exposition.Series() != 1 {
			t.Errorf("got %q with %d series, want 1", client.Name, client.Exposition.Series())
		}
	}
}

func TestReceiverHTTP(t *testing.T) {
	t.Parallel()
	receiver, err := check.Listen(t.Context(), "127.0.0.1:0", checker(), megabyte)
	if err != nil {
		t.Fatal(err)
	}
	document := []byte(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"dspy_x","gauge":{"dataPoints":[{"asInt":"1"}]}}]}]}]}`)
	const jsonType = "application/json"
	for name, test := range map[string]struct {
		path, contentType, encoding string
		body                        []byte
		want                        int
	}{
		"json":          {"/v1/metrics", jsonType, "", document, http.StatusOK},
		"json gzip":     {"/v1/metrics", jsonType, "gzip", gzipped(t, bytes.NewReader(document)), http.StatusOK},
		"not json":      {"/v1/metrics", jsonType, "", []byte("{"), http.StatusBadRequest},
		"not protobuf":  {"/v1/metrics", "application/x-protobuf", "", []byte("\xff"), http.StatusBadRequest},
		"gzip bomb":     {"/v1/metrics", jsonType, "gzip", gzipped(t, io.LimitReader(endless{}, 100*megabyte)), http.StatusBadRequest},
		"other type":    {"/v1/metrics", "text/plain", "", nil, http.StatusUnsupportedMediaType},
		"other signals": {"/v1/traces", jsonType, "", nil, http.StatusNotFound},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+receiver.Addr()+test.path, bytes.NewReader(test.body))
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
			t.Errorf("%s: got status %d, want %d", name, resp.StatusCode, test.want)
		}
	}
	if err := receiver.Close(); err != nil {
		t.Error(err)
	}
	clients := receiver.Clients()
	if len(clients) != 1 {
		t.Fatalf("got %d clients, want 1", len(clients))
	}
	if got := clients[0].Exposition.Series(); got != 1 {
		t.Errorf("got %d series, want 1", got)
	}
}

// Whoever stalls keeps nobody waiting, neither before nor in its body, and gives way
// where it has taken all the room for bodies.
func TestStalledSenders(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	receiver, err := check.Listen(t.Context(), "127.0.0.1:0", checker(), most)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", receiver.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		request := fmt.Sprintf("POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", most)
		sent := []string{request[:20], request, request + "{", request + strings.Repeat(" ", most-1)}[i%4]
		if _, err := io.WriteString(conn, sent); err != nil {
			t.Fatal(err)
		}
	}
	document := `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"dspy_x","gauge":{"dataPoints":[{"asInt":"1"}]}}]}]}]}`
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+receiver.Addr()+"/v1/metrics", strings.NewReader(document))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatalf("others are kept waiting: %v", err)
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			break
		}
		if response.StatusCode != http.StatusServiceUnavailable {
			t.Fatalf("got %s, want 200, or 503 for a moment", response.Status)
		}
	}
	if err := receiver.Close(); err != nil {
		t.Error(err)
	}
	if got := len(receiver.Clients()); got != 1 {
		t.Errorf("got %d clients, want 1", got)
	}
}

// What is over a bound is a finding.
func TestMissed(t *testing.T) {
	t.Parallel()
	receiver, err := check.Listen(t.Context(), "127.0.0.1:0", checker(), megabyte)
	if err != nil {
		t.Fatal(err)
	}
	send := senderOf(t, "grpc", receiver.Addr())
	for i := range 110 {
		send(field(1, field(1, pair(1, "service.instance.id", strconv.Itoa(i)))))
	}
	send(bytes.Repeat(field(1), megabyte/2-10))
	send(make([]byte, 2*megabyte))
	senderOf(t, "http", receiver.Addr())([]byte("no export"))
	if err := receiver.Close(); err != nil {
		t.Error(err)
	}
	missed := receiver.Missed()
	if len(missed) != 2 || !strings.Contains(missed[0].Message, "10 exports were not checked") || !strings.Contains(missed[1].Message, "3 exports were refused") {
		t.Errorf("got %+v", missed)
	}
	if got := len(receiver.Clients()); got != 100 {
		t.Errorf("got %d clients", got)
	}
}
