package otelmetrics

import (
	"log/slog"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Option changes a default of [New]. Where an option and a variable of the
// environment speak of the same thing, the option holds.
type Option interface {
	apply(*config)
}

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

// The defaults of the options.
const (
	// DefaultShutdownTimeout bounds [Metrics.Shutdown] if its context has no deadline.
	DefaultShutdownTimeout = 5 * time.Second
	// DefaultSeriesLimit is how many series an instrument may have.
	DefaultSeriesLimit = 2000
)

type config struct {
	contract       views.Contract
	views          []sdkmetric.View
	service        *string
	resource       []attribute.KeyValue
	otlp           otlpConfig
	console        bool
	exporters      []sdkmetric.Exporter
	readers        []sdkmetric.Reader
	targetInfo     bool
	runtimeMetrics bool
	priming        bool
	seriesLimit    int
	idleTimeout    time.Duration
	exemplarFilter exemplar.Filter
	meterProvider  metric.MeterProvider
	tracerProvider trace.TracerProvider
	logger         *slog.Logger
	classify       func(error) ErrorType
	genAI          *GenAI // nil before the environment is read
	model          Model
	buildInfo      build
	prices         func(Usage) (usd float64, priced bool) // nil: none

	disabled bool
	isolated bool // from the environment, for a test
	now      func() time.Time
	uptime   func() time.Duration // since the configuration was read
	getenv   func(string) string
	environ  func() []string
}

// otlpConfig holds what decides about the push path. Everything else that the
// OTEL_EXPORTER_OTLP_* variables say is read by the exporter itself.
type otlpConfig struct {
	endpoint *string // the option's; nil without it
	protocol string
	on       bool          // after the environment was read
	target   *url.URL      // where the push goes, if it is on
	interval time.Duration // 0: the reader's default
}

// WithService sets the name of the service: the label service and the resource
// attribute service.name. By default, if this option is not used, it is
// OTEL_SERVICE_NAME, then service.name in OTEL_RESOURCE_ATTRIBUTES, then
// unknown_service: and the name of the program. An empty name is an error.
func WithService(name string) Option {
	return optionFunc(func(c *config) { c.service = &name })
}

// WithContract sets the contract, for other buckets, budgets or values of
// labels. A counter whose labels all have well-known values exists from the start
// at zero, so that rate sees the first event; one with a label that has none comes
// with its first measurement. By default, if this option is not used, it is
// [views.Default].
func WithContract(contract views.Contract) Option {
	return optionFunc(func(c *config) { c.contract = contract.Clone() })
}

// WithViews adds views for instruments of your own and of other libraries. They do not see the instruments of this package,
// so that a view that matches everything cannot change them. The option may be used several times. Nil views are ignored.
func WithViews(more ...sdkmetric.View) Option {
	return optionFunc(func(c *config) {
		for _, view := range more {
			if view != nil {
				c.views = append(c.views, view)
			}
		}
	})
}

// WithResource adds attributes to the resource, over those of
// OTEL_RESOURCE_ATTRIBUTES. It may be used several times. By default the
// resource has service.name and a service.instance.id that is new with each
// start of the process.
func WithResource(attributes ...attribute.KeyValue) Option {
	return optionFunc(func(c *config) { c.resource = append(c.resource, attributes...) })
}

// WithOTLP pushes by OTLP to an endpoint such as http://localhost:4318. The scheme https means TLS. With the protocol grpc,
// host:port alone is legal too, and means TLS unless OTEL_EXPORTER_OTLP_INSECURE is true. By default, if this option is not
// used, the endpoint is OTEL_EXPORTER_OTLP_METRICS_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT, and nothing is pushed if neither
// is set. The exporter honors the other OTEL_EXPORTER_OTLP_* variables: protocol (http/protobuf by default, or grpc), headers,
// certificates, compression, timeout, temporality. OTEL_METRIC_EXPORT_INTERVAL is the time between two pushes, in
// milliseconds: 60000 by default. For another exporter there is [WithExporter].
func WithOTLP(endpoint string) Option {
	return optionFunc(func(c *config) { c.otlp.endpoint = &endpoint })
}

// WithExporter pushes to an exporter of your own as well, at the interval of the other pushes. What it fails to export goes
// out with the next export that succeeds. [Metrics.Shutdown] shuts it down. The option may be used several times. A nil
// exporter is ignored. By default, if this option is not used, there is only the push that [WithOTLP] describes.
func WithExporter(exporter sdkmetric.Exporter) Option {
	return optionFunc(func(c *config) {
		if exporter != nil {
			c.exporters = append(c.exporters, exporter)
		}
	})
}

// WithReader adds a reader of your own, which must have been made with a producer of its own:
//
//	producer := bound.NewProducer(sdkmetric.CumulativeTemporalitySelector)
//	reader := sdkmetric.NewManualReader(sdkmetric.WithProducer(producer))
//
// It reads the metrics of the contract and of your own instruments. [Metrics.Shutdown] shuts it down. The option may be used
// several times. A nil reader is ignored. By default, if this option is not used, the readers are those of the scrape and of
// the pushes.
func WithReader(reader sdkmetric.Reader) Option {
	return optionFunc(func(c *config) {
		if reader != nil {
			c.readers = append(c.readers, reader)
		}
	})
}

// WithTargetInfo exposes the resource as the metric target_info on the scrape.
// By default, if this option is not used, the scrape has none.
func WithTargetInfo() Option {
	return optionFunc(func(c *config) { c.targetInfo = true })
}

// WithRuntimeMetrics adds the metrics of the Go runtime and the process (go_*
// and process_*, those of Prometheus' own client) to the scrape and the push.
// By default, if this option is not used, there are none.
func WithRuntimeMetrics() Option {
	return optionFunc(func(c *config) { c.runtimeMetrics = true })
}

// WithSeriesLimit bounds the series of each instrument, yours included; what is
// over it goes to one series with the label otel_metric_overflow. It also bounds
// the recorders of [Recorder.With] and the models of [WithGenAI]. By default, if
// this option is not used, it is [DefaultSeriesLimit]. It must be positive.
func WithSeriesLimit(series int) Option {
	return optionFunc(func(c *config) { c.seriesLimit = series })
}

// WithIdleTimeout forgets a series that has not been measured for this long: it
// is no longer exposed, and its label values make room in the budgets. When it
// is measured again it begins at zero with a new start time, which Prometheus
// takes for a counter reset. Series that exist from the start (see
// [WithContract]) stay. Choose a multiple of the scrape and push intervals:
// what a reader has not collected by then it never sees. By default, if this
// option is not used or with zero, no series is forgotten. It must not be
// negative.
func WithIdleTimeout(timeout time.Duration) Option {
	return optionFunc(func(c *config) { c.idleTimeout = timeout })
}

// WithMeterProvider records through a provider of your own, with the readers and
// exporters that you gave it. Give it the view of the contract as well, for the
// names, labels and buckets: [views.Contract.View]. [Metrics.Handler] then
// answers 404, [Metrics.ForceFlush] and [Metrics.Shutdown] leave the provider
// to you, and the options about scrape, push, views, series and exemplars do
// nothing. Measurements cost what they cost in your provider: bound series need
// a pipeline that [New] makes. By default, if this option is not used or with
// nil, New makes one.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return optionFunc(func(c *config) { c.meterProvider = provider })
}

// WithTracerProvider makes [Metrics.Middleware] start a server span for each
// request, with the trace context of its headers (W3C), and
// [Recorder.StartPrediction] a span for each prediction. By default, if this
// option is not used, there are no spans. Nil is ignored.
func WithTracerProvider(provider trace.TracerProvider) Option {
	return optionFunc(func(c *config) { c.tracerProvider = provider })
}

// WithLogger sets where the few things that an operator must know are logged:
// label values over budget, scrapes that had to leave something out, the begin
// and end of an outage of the push path. By default, if this option is not used
// or with nil, it is [slog.Default].
func WithLogger(logger *slog.Logger) Option {
	return optionFunc(func(c *config) { c.logger = logger })
}

// WithErrorClassifier sets what gives an error its type. Return "" to leave an
// error to [Classify], which by default, if this option is not used, is asked
// alone. The classifier is called concurrently. If it panics, the type is
// [ErrorOther], and the first panic is logged. It is not asked about a
// prediction that panicked.
func WithErrorClassifier(classify func(error) ErrorType) Option {
	return optionFunc(func(c *config) { c.classify = classify })
}
