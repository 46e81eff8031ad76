package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/heap"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/live"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/prices"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// serve holds the flags of the command. Their order is that of the help: the common flags first, then by topic.
type serve struct {
	backend `embed:""`
	answers `embed:""`

	Timeout        time.Duration `group:"common" default:"10m" env:"DSPY_METRICS_TIMEOUT" help:"Time limit for one prediction; 0 for no limit (${default})."`
	MaxConcurrency int           `group:"common" default:"64" env:"DSPY_METRICS_MAX_CONCURRENCY" placeholder:"N" help:"Number of concurrent predictions; more are answered 429 (${default})."`
	SilenceTimeout time.Duration `group:"limits" default:"2m" env:"DSPY_METRICS_SILENCE_TIMEOUT" help:"Time limit for a pause in an answer that has started, such as a stream; 0 for no limit (${default})."`
	fairness       `embed:""`
	MaxBodyBytes   int64         `group:"limits" default:"1048576" env:"DSPY_METRICS_MAX_BODY_BYTES" placeholder:"N" help:"Size limit of a request body in bytes; larger ones are answered 413 (${default})."`
	ClientTimeout  time.Duration `group:"limits" default:"30s" env:"DSPY_METRICS_CLIENT_TIMEOUT" help:"Time limit for a client to send its request, or to read an answer that is not a prediction (${default})."`

	Service    string `group:"common" env:"DSPY_METRICS_SERVICE" placeholder:"NAME" help:"Value of the label service. By default OTEL_SERVICE_NAME, or else dspy-metrics."`
	promise    `embed:""`
	generative `embed:""`

	IdleTimeout time.Duration `group:"telemetry" default:"0s" env:"DSPY_METRICS_IDLE_TIMEOUT" help:"Remove series that were not measured for this long; 0 keeps all (${default})."`
	LogLevel    slog.Level    `group:"telemetry" default:"info" env:"DSPY_METRICS_LOG_LEVEL" help:"Lowest level to log: debug, info, warn or error (${default})."`
	LogFormat   string        `group:"telemetry" default:"text" enum:"text,json" env:"DSPY_METRICS_LOG_FORMAT" help:"Format of the log: text or json (${default})."`
	listeners   `embed:""`
	configFlag  `embed:""`
}

// Help is shown by --help.
func (serve) Help() string {
	return `Metrics are served at /metrics, and live charts at /live. The OTEL_* variables of the OpenTelemetry specification
apply. With an OTLP endpoint the same metrics are also pushed.

A web config file has the format of Prometheus' exporter-toolkit: TLS, client certificates, passwords. It applies to
its whole listener, except that /health and /ready need no password. Changes take effect with the next connection or
request.

With --metrics-listen, /metrics is served only there. That listener is open to everyone unless it has a web config
file of its own. Health probes have no client certificate, so require one on only one listener, or let the probe check
the port (tcpSocket).

Examples:
  dspy-metrics
  dspy-metrics serve --listen 127.0.0.1:8080 --service qa --max-concurrency 16
  dspy-metrics --upstream http://127.0.0.1:8000 --route /predict --route /predict/stream
  dspy-metrics --upstream http://127.0.0.1:8000 --route '/qa/{id}=cot' --cache redis://127.0.0.1:6379/0
  dspy-metrics --upstream http://127.0.0.1:8000 --pass 'GET /v1/models' --pass '/docs/{rest...}'
  dspy-metrics --upstream http://127.0.0.1:8000 --genai released
  dspy-metrics --upstream http://127.0.0.1:8000 --prices model_prices_and_context_window.json
  dspy-metrics --contract contract.yaml --label tenant=header:X-Tenant --label model=field:model
  dspy-metrics --web-config-file web.yml --metrics-listen 127.0.0.1:9464 --pprof
  dspy-metrics --config dspy-metrics.yaml
  DSPY_METRICS_LOG_FORMAT=json OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 dspy-metrics

  curl -s localhost:3000/predict -d '{"inputs":{"question":"Which labels do the predictions have?"}}'
  curl -s localhost:3000/metrics

The command line overrides the environment variables, which override the config file. dspy-metrics config with the
same flags prints each setting and where it comes from.

After SIGINT or SIGTERM it finishes the predictions in progress and pushes the metrics a last time. A second signal
ends it immediately.

Exit codes: 0 after SIGINT or SIGTERM, 1 for a failure, 2 for invalid flags or variables.`
}

// Validate is called by the parser.
func (c *serve) Validate() error {
	return errors.Join(
		notNegative("--timeout", c.Timeout),
		notNegative("--silence-timeout", c.SilenceTimeout),
		positive("--max-concurrency", c.MaxConcurrency),
		positive("--max-body-bytes", c.MaxBodyBytes),
		positive("--client-timeout", c.ClientTimeout),
		notNegative("--idle-timeout", c.IdleTimeout),
		c.fairness.validate(),
		c.listeners.validate(),
		c.promise.validate(),
		c.backend.validate(),
		c.answers.validate(),
	)
}

type number interface {
	int | int64 | time.Duration
}

func positive[N number](flag string, value N) error {
	if value > 0 {
		return nil
	}
	return fmt.Errorf("%s must be positive, got %v", flag, value)
}

func notNegative[N number](flag string, value N) error {
	if value >= 0 {
		return nil
	}
	return fmt.Errorf("%s must not be negative, got %v", flag, value)
}

// spareHeap is what the heap may take before it is collected. A service without a cache
// keeps 2 MB, and would be collected every 200 requests, which takes a tenth of its time.
const spareHeap = 16 << 20

// Run serves until ctx ends.
func (c *serve) Run(ctx context.Context) error {
	if os.Getenv("GOGC") == "" {
		heap.Spare(spareHeap)
	}
	logger := c.logger(os.Stderr)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("error in the OpenTelemetry SDK", slog.Any("error", err)) }))

	contract, err := loadContract("--contract", c.Contract)
	if err != nil {
		return err
	}
	if c.Contract == "" {
		keepBothForms(&contract)
	}
	labels, err := c.labels(contract, logger)
	if err != nil {
		return usageError{err}
	}
	metrics, err := otelmetrics.New(ctx, append(c.options(logger), otelmetrics.WithContract(contract))...)
	if err != nil {
		return usageError{err}
	}
	served := c.serve(ctx, contract, service.Config{Metrics: metrics, Labels: labels}, logger)
	// Push last, when no prediction is in progress any more.
	if err := metrics.Shutdown(context.WithoutCancel(ctx)); err != nil {
		logger.Warn("the last push failed", slog.Any("error", err))
	}
	return served
}

// keepBothForms adds native histograms to the documented buckets of durations and latencies. Their values spread widely, and
// only a native histogram has correct quantiles above the highest bucket. A contract file chooses the forms itself.
func keepBothForms(contract *views.Contract) {
	m := &contract.Metrics
	for _, histogram := range []*views.Metric{&m.PredictionDuration, &m.APILatency, &m.TimeToFirstToken, &m.TimePerOutputToken} {
		histogram.Form = views.ClassicAndNative
	}
}

// serve completes the configuration and serves until ctx ends.
func (c *serve) serve(ctx context.Context, contract views.Contract, config service.Config, logger *slog.Logger) error {
	backend, err := c.backend.open(contract, c.MaxConcurrency)
	if err != nil {
		return err
	}
	routes, err := c.routes()
	if err != nil {
		return err
	}
	if config.Pass, err = c.passes(); err != nil {
		return err
	}
	if config.Readiness, err = c.readiness(); err != nil {
		return err
	}
	config.Backend, config.Routes, config.TypeHeader, config.TypeField = backend, routes, c.TypeHeader, c.TypeField
	config.Model, config.ModelName, config.Logger = c.model(), c.GenAIModel, logger
	if c.Prices != "" {
		if config.Prices, err = prices.Open(c.Prices, logger); err != nil {
			return usageError{fmt.Errorf("--prices: %w", err)}
		}
		go config.Prices.Watch(ctx)
	}
	config.Timeout, config.SilenceTimeout, config.ClientTimeout = c.Timeout, c.SilenceTimeout, c.ClientTimeout
	config.MaxConcurrency = c.MaxConcurrency
	config.MaxBodyBytes, config.MaxAnswerBytes = c.MaxBodyBytes, c.MaxAnswerBytes
	config.MaxClientConcurrency = c.share(c.MaxConcurrency)
	config.MinRequestRate, config.MinResponseRate = c.MinRequestRate, c.MinResponseRate
	config.Apart = c.MetricsListen != ""
	config.Name, config.Version = c.serviceName(), version()
	if c.Live {
		if config.Live, err = live.New(config.Name, contract); err != nil {
			return err
		}
	}
	answers, err := c.answers.open(ctx, config.Metrics.Recorder, logger)
	if err != nil {
		return err
	}
	c.warnOfNames(logger)
	config.Caching = service.Caching{
		TTL: c.CacheTTL, IgnoreHeaders: c.CacheIgnore,
		Namespace: []string{c.CacheNamespace, c.serviceName(), c.identity(contract)},
	}
	if answers != nil {
		config.Cache = answers
		defer func() {
			if err := answers.Close(); err != nil {
				logger.Warn("closing the cache failed", slog.Any("error", err))
			}
		}()
	}
	svc, err := service.New(config)
	if err != nil {
		return usageError{err}
	}
	return c.listeners.serve(ctx, svc)
}

func (c *serve) options(logger *slog.Logger) []otelmetrics.Option {
	options := []otelmetrics.Option{
		otelmetrics.WithLogger(logger),
		otelmetrics.WithRuntimeMetrics(),
		otelmetrics.WithIdleTimeout(c.IdleTimeout),
	}
	options = append(options, c.generative.options()...)
	return append(options, otelmetrics.WithService(c.serviceName()))
}

// defaultService is the value of the label service if neither a flag nor a variable sets it.
const defaultService = "dspy-metrics"

// serviceName returns the value of the label service.
func (c *serve) serviceName() string {
	name, _ := resource.Environment().Set().Value(semconv.ServiceNameKey)
	return cmp.Or(c.Service, name.AsString(), defaultService)
}

func (c *serve) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
