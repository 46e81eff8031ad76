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

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/live"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/prices"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// The fields are in the order of the help: first what most need, then theme by theme.
type serve struct {
	backend `embed:""`
	answers `embed:""`

	Timeout        time.Duration `group:"common" default:"10m" env:"DSPY_METRICS_TIMEOUT" help:"Longest time for one prediction, as long as clients of language models wait by default; 0 for no limit (${default})."`
	MaxConcurrency int           `group:"common" default:"64" env:"DSPY_METRICS_MAX_CONCURRENCY" placeholder:"N" help:"Predictions at a time; more are answered 429 (${default})."`
	SilenceTimeout time.Duration `group:"limits" default:"2m" env:"DSPY_METRICS_SILENCE_TIMEOUT" help:"Longest time between two bytes of an answer that has begun, such as a stream; 0 for no limit (${default})."`
	fairness       `embed:""`
	MaxBodyBytes   int64         `group:"limits" default:"1048576" env:"DSPY_METRICS_MAX_BODY_BYTES" placeholder:"N" help:"Largest request body; larger ones are answered 413 (${default})."`
	ClientTimeout  time.Duration `group:"limits" default:"30s" env:"DSPY_METRICS_CLIENT_TIMEOUT" help:"Longest time for a client to send its request, or to take an answer that is no prediction (${default})."`

	Service    string `group:"common" env:"DSPY_METRICS_SERVICE" placeholder:"NAME" help:"Value of the label service; by default OTEL_SERVICE_NAME, else dspy-metrics."`
	promise    `embed:""`
	generative `embed:""`

	IdleTimeout time.Duration `group:"telemetry" default:"0s" env:"DSPY_METRICS_IDLE_TIMEOUT" help:"Forget series that were not measured for this long; 0 keeps all (${default})."`
	LogLevel    slog.Level    `group:"telemetry" default:"info" env:"DSPY_METRICS_LOG_LEVEL" help:"debug, info, warn or error (${default})."`
	LogFormat   string        `group:"telemetry" default:"text" enum:"text,json" env:"DSPY_METRICS_LOG_FORMAT" help:"text or json (${default})."`
	listeners   `embed:""`
	configFlag  `embed:""`
}

// Help is shown by --help.
func (serve) Help() string {
	return `The metrics are at /metrics, and charts of the last minutes at /live. The OTEL_*
variables of the OpenTelemetry specification are honored; with an OTLP endpoint the same metrics are pushed as well.

A web config file is one of Prometheus' exporter-toolkit: TLS, client certificates, passwords. It holds for all of
its listener but for the password of /health and /ready, and a change holds from the next connection or request on. With
--metrics-listen, /metrics is only there; that listener is open unless it has a web config file of its own.
A probe has no client certificate: ask for one on one listener only, or let the probe try the port (tcpSocket).

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

A value comes from the command line, else from its variable, else from the config file, else it is the default;
dspy-metrics config, with the same flags, prints what is in force and where it comes from.

After SIGINT or SIGTERM predictions in flight end and the metrics are pushed a last time; a second signal ends it at once.

Exit codes: 0 after SIGINT or SIGTERM, 1 if it could not run, 2 for wrong flags or variables.`
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
	return fmt.Errorf("%s must be positive", flag)
}

func notNegative[N number](flag string, value N) error {
	if value >= 0 {
		return nil
	}
	return fmt.Errorf("%s must not be negative", flag)
}

// Run serves until ctx ends.
func (c *serve) Run(ctx context.Context) error {
	logger := c.logger(os.Stderr)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("opentelemetry", slog.Any("error", err)) }))

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
	prime(metrics.Recorder, contract, labels)
	served := c.serve(ctx, contract, service.Config{Metrics: metrics, Labels: labels}, logger)
	// The push path is flushed last, when nothing is in flight any more.
	if err := metrics.Shutdown(context.WithoutCancel(ctx)); err != nil {
		logger.Warn("the last push failed", slog.Any("error", err))
	}
	return served
}

// keepBothForms keeps native histograms beside the documented buckets of what language models spread over decades, so that a
// quantile above the highest bucket is true where a Prometheus asks for them. A contract file says itself what it wants.
func keepBothForms(contract *views.Contract) {
	m := &contract.Metrics
	for _, histogram := range []*views.Metric{&m.PredictionDuration, &m.APILatency, &m.TimeToFirstToken, &m.TimePerOutputToken} {
		histogram.Form = views.ClassicAndNative
	}
}

// serve fills in the rest of the configuration.
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
				logger.Warn("the cache was not closed", slog.Any("error", err))
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

// defaultService is the value of the label service where nobody gives one.
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
