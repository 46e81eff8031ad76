package check_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	otlpmetric "go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/check"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// conforming is an export of every metric of the contract with all well-known
// series.
func conforming(t testing.TB) *collectorpb.ExportMetricsServiceRequest {
	t.Helper()
	contract := views.Default()
	scope := &metricspb.ScopeMetrics{}
	for _, metric := range contract.Metrics.All() {
		m := &metricspb.Metric{Name: metric.Name, Description: metric.Description, Unit: metric.Unit}
		series := combinations(contract, metric)
		switch metric.Kind {
		case views.Histogram:
			data := &metricspb.Histogram{AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE}
			for _, attributes := range series {
				data.DataPoints = append(data.DataPoints, &metricspb.HistogramDataPoint{
					Attributes: attributes, StartTimeUnixNano: 1, Count: 2, Sum: new(0.5),
					ExplicitBounds: metric.Buckets, BucketCounts: append([]uint64{2}, make([]uint64, len(metric.Buckets))...),
				})
			}
			m.Data = &metricspb.Metric_Histogram{Histogram: data}
		case views.Gauge:
			m.Data = &metricspb.Metric_Gauge{Gauge: &metricspb.Gauge{DataPoints: points(series)}}
		default:
			m.Data = &metricspb.Metric_Sum{Sum: &metricspb.Sum{
				AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE,
				IsMonotonic:            metric.Kind == views.Counter, DataPoints: points(series),
			}}
		}
		scope.Metrics = append(scope.Metrics, m)
	}
	return &collectorpb.ExportMetricsServiceRequest{ResourceMetrics: []*metricspb.ResourceMetrics{{ScopeMetrics: []*metricspb.ScopeMetrics{scope}}}}
}

func points(series [][]*commonpb.KeyValue) []*metricspb.NumberDataPoint {
	var points []*metricspb.NumberDataPoint
	for _, attributes := range series {
		points = append(points, &metricspb.NumberDataPoint{Attributes: attributes, StartTimeUnixNano: 1, Value: &metricspb.NumberDataPoint_AsInt{AsInt: 3}})
	}
	return points
}

func combinations(contract views.Contract, metric views.Metric) [][]*commonpb.KeyValue {
	series := [][]*commonpb.KeyValue{nil}
	for _, key := range metric.Labels {
		values := []string{"qa"}
		if label, _ := contract.Labels.Find(key); len(label.Values) > 0 {
			values = label.Values
		}
		var longer [][]*commonpb.KeyValue
		for _, attributes := range series {
			for _, value := range values {
				longer = append(longer, append(slices.Clone(attributes), pair(key, value)))
			}
		}
		series = longer
	}
	return series
}

func pair(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}}
}

func TestOTLPMutations(t *testing.T) {
	t.Parallel()
	metric := func(e *collectorpb.ExportMetricsServiceRequest, name string) *metricspb.Metric {
		for _, m := range e.ResourceMetrics[0].ScopeMetrics[0].Metrics {
			if m.Name == name {
				return m
			}
		}
		return nil
	}
	const counter, histogram, active = "dspy_errors_total", "dspy_api_latency_seconds", "dspy_active_predictions"
	tests := map[string]struct {
		change  func(*collectorpb.ExportMetricsServiceRequest)
		rule    check.Rule // of an error; empty for none
		message string
		also    []check.Rule
	}{
		"none":              {func(*collectorpb.ExportMetricsServiceRequest) {}, "", "", nil},
		"instrument's name": {func(e *collectorpb.ExportMetricsServiceRequest) { metric(e, counter).Name = "dspy.errors" }, check.UnknownMetric, "dspy.errors", []check.Rule{check.NotPrimed}},
		"unit":              {func(e *collectorpb.ExportMetricsServiceRequest) { metric(e, histogram).Unit = "ms" }, check.WrongUnit, `"ms", want "s"`, nil},
		"delta sum": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, counter).GetSum().AggregationTemporality = metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
		}, check.WrongTemporality, "delta", nil},
		"delta histogram": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, histogram).GetHistogram().AggregationTemporality = metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
		}, check.WrongTemporality, "delta", nil},
		"not monotonic": {func(e *collectorpb.ExportMetricsServiceRequest) { metric(e, counter).GetSum().IsMonotonic = false }, check.WrongType, "updowncounter, want counter", nil},
		"monotonic":     {func(e *collectorpb.ExportMetricsServiceRequest) { metric(e, active).GetSum().IsMonotonic = true }, check.WrongType, "counter, want updowncounter", nil},
		"gauge": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, active).Data = &metricspb.Metric_Gauge{Gauge: &metricspb.Gauge{}}
		}, check.WrongType, "gauge, want updowncounter", nil},
		"exponential": {func(e *collectorpb.ExportMetricsServiceRequest) { metric(e, histogram).Data = exponential() }, check.WrongType, "exponential histogram", nil},
		"bound": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, histogram).GetHistogram().DataPoints[0].ExplicitBounds = []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}
		}, check.ExtraBucket, "2, 3", []check.Rule{check.MissingBucket}},
		"bucket counts": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, histogram).GetHistogram().DataPoints[0].BucketCounts = []uint64{2}
		}, check.Syntax, "1 bucket counts for 9 bounds", nil},
		"count": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, histogram).GetHistogram().DataPoints[0].Count = 7
		}, check.WrongCount, "count is 7", nil},
		"no sum": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, histogram).GetHistogram().DataPoints[0].Sum = nil
		}, check.WrongCount, "_sum", nil},
		"point twice": {func(e *collectorpb.ExportMetricsServiceRequest) {
			s := metric(e, active).GetSum()
			s.DataPoints = append(s.DataPoints, s.DataPoints[0])
		}, check.DuplicateSeries, "twice", nil},
		"attribute": {func(e *collectorpb.ExportMetricsServiceRequest) {
			p := metric(e, active).GetSum().DataPoints[0]
			p.Attributes = append(slices.Clone(p.Attributes), pair("user.id", "7"))
		}, check.ExtraLabel, "user.id", nil},
		"overflow of the SDK": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, active).GetSum().DataPoints[0].Attributes = []*commonpb.KeyValue{pair("otel_metric_overflow", "true")}
		}, check.ExtraLabel, "otel_metric_overflow", []check.Rule{check.MissingLabel}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			export := conforming(t)
			test.change(export)
			hit := test.rule == ""
			for _, client := range check.Exported(checker(), export) {
				for _, f := range checker().Check(client.Exposition) {
					if f.Severity == check.Error && f.Rule != test.rule && !slices.Contains(test.also, f.Rule) || test.rule == "" {
						t.Errorf("a finding that the change does not explain: %+v", f)
					}
					hit = hit || f.Rule == test.rule && f.Severity == check.Error && strings.Contains(f.Message, test.message)
				}
			}
			if !hit {
				t.Errorf("no %s with %q", test.rule, test.message)
			}
		})
	}
}

func exponential() *metricspb.Metric_ExponentialHistogram {
	return &metricspb.Metric_ExponentialHistogram{ExponentialHistogram: &metricspb.ExponentialHistogram{
		AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE,
	}}
}

func TestNativeHistogramsAllowed(t *testing.T) {
	t.Parallel()
	export := conforming(t)
	for _, m := range export.ResourceMetrics[0].ScopeMetrics[0].Metrics {
		if m.GetHistogram() != nil {
			m.Data = exponential()
		}
	}
	c := checker()
	c.NativeHistograms = true
	for _, client := range check.Exported(c, export) {
		if findings := c.Check(client.Exposition); len(findings) > 0 {
			t.Errorf("got %+v", findings)
		}
	}
}

func TestOTLPDecreases(t *testing.T) {
	t.Parallel()
	first, second := conforming(t), conforming(t)
	point := second.ResourceMetrics[0].ScopeMetrics[0].Metrics[0].GetSum().DataPoints[0]
	point.Value = &metricspb.NumberDataPoint_AsInt{AsInt: 2}
	decreased := func() int {
		clients := check.Exported(checker(), first, second)
		return rules(checker().Check(clients[0].Exposition))[check.Decreased]
	}
	if got := decreased(); got != 1 {
		t.Errorf("got %d findings, want 1", got)
	}
	point.StartTimeUnixNano = 2 // it started anew
	if got := decreased(); got != 0 {
		t.Errorf("after a reset: got %d findings, want none", got)
	}
}

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
	document, err := protojson.Marshal(conforming(t))
	if err != nil {
		t.Fatal(err)
	}
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
	if findings := checker().Check(clients[0].Exposition); len(findings) > 0 {
		t.Errorf("got %+v", findings)
	}
}
