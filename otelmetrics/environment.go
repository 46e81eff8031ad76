package otelmetrics

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// readEnvironment reads the variables of the OpenTelemetry specification
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/) that decide what New builds, and checks
// those that the exporter reads. The SDK would ignore a wrong value with a line in its log. Here it is an error, because an
// operator who set it wants it. Variables that configure pipelines are not looked at if the user made the provider.
func (c *config) readEnvironment() error {
	e := environment{getenv: c.getenv}
	c.readVariables(&e)
	if c.meterProvider == nil {
		e.refuseUnsupported(c.environ())
	}
	return errors.Join(e.errs...)
}

func (c *config) readVariables(e *environment) {
	c.readGenAI(e)
	c.disabled = e.oneOf("OTEL_SDK_DISABLED", "true", "false") == "true"
	e.pairs("OTEL_RESOURCE_ATTRIBUTES")
	if c.tracerProvider != nil {
		e.list("OTEL_PROPAGATORS", "tracecontext", "baggage")
	}
	if c.meterProvider == nil {
		c.readPipeline(e)
	}
}

// readPipeline reads the variables about exporters, readers and exemplars.
func (c *config) readPipeline(e *environment) {
	exporters := e.list("OTEL_METRICS_EXPORTER", "otlp", "prometheus", "console", "none")
	c.console = slices.Contains(exporters, "console")
	for _, name := range []string{"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := e.oneOf(name, protocolGRPC, protocolHTTP); c.otlp.protocol == "" {
			c.otlp.protocol = protocol
		}
	}
	c.readEndpoint(e, exporters)
	if interval := e.milliseconds("OTEL_METRIC_EXPORT_INTERVAL"); interval > 0 && c.otlp.interval == 0 {
		c.otlp.interval = interval
	}
	e.milliseconds("OTEL_METRIC_EXPORT_TIMEOUT")
	for _, signal := range []string{"OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_METRICS_"} {
		e.milliseconds(signal + "TIMEOUT")
		e.oneOf(signal+"COMPRESSION", "gzip", "none")
		e.headers(signal + "HEADERS")
		e.certificates(signal)
	}
	e.oneOf("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative", "delta", "lowmemory")
	if e.value(histogramAggregation) != "explicit_bucket_histogram" {
		e.unsupported(histogramAggregation)
	}
	filter := e.oneOf("OTEL_METRICS_EXEMPLAR_FILTER", "always_on", "always_off", "trace_based")
	if c.exemplarFilter == nil {
		switch filter {
		case "always_on":
			c.exemplarFilter = exemplar.AlwaysOnFilter
		case "always_off":
			c.exemplarFilter = exemplar.AlwaysOffFilter
		}
	}
}

// readEndpoint decides whether there is a push by OTLP, and where it goes. The endpoint of the option comes first, then that
// of a variable, then the specification's default if the exporter was asked for by name.
func (c *config) readEndpoint(e *environment, exporters []string) {
	insecure := e.oneOf("OTEL_EXPORTER_OTLP_METRICS_INSECURE", "true", "false")
	general := e.oneOf("OTEL_EXPORTER_OTLP_INSECURE", "true", "false")
	insecure = cmp.Or(insecure, general)
	const metrics, signals = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"
	name, variable := metrics, e.value(metrics)
	if all := e.value(signals); variable == "" {
		name, variable = signals, all
	}
	if variable != "" {
		u, err := otlpURL(variable, c.otlp.protocol, insecure == "true")
		if err != nil {
			e.bad(name, "%w", err)
		}
		c.otlp.target = u
		if u != nil && name == signals {
			c.otlp.target = u.JoinPath(otlpPath)
		}
	}
	switch {
	case c.otlp.endpoint != nil && *c.otlp.endpoint != "":
		u, err := otlpURL(*c.otlp.endpoint, c.otlp.protocol, insecure == "true")
		if err != nil {
			e.errs = append(e.errs, fmt.Errorf("option WithOTLP: %w", err))
		} else if u.Path == "" || u.Path == "/" {
			u = u.JoinPath(otlpPath)
		}
		c.otlp.target, c.otlp.on = u, true
	case len(exporters) > 0 && !slices.Contains(exporters, "otlp"):
		c.otlp.on = false
	case variable != "":
		c.otlp.on = true
	case slices.Contains(exporters, "otlp"):
		c.otlp.target, c.otlp.on = defaultTarget(c.otlp.protocol), true
	case c.otlp.endpoint != nil:
		e.errs = append(e.errs, errors.New("option WithOTLP: the endpoint is empty; give one such as http://localhost:4318"))
	}
}

const histogramAggregation = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"

// refuseUnsupported refuses each variable that is set and configures pipelines of metrics in a way that New does not follow:
// those that none of the methods of e has looked at.
func (e *environment) refuseUnsupported(set []string) {
	for _, entry := range set {
		name, value, _ := strings.Cut(entry, "=")
		if strings.TrimSpace(value) != "" && !e.asked[name] && aboutMetrics(name) {
			e.unsupported(name)
		}
	}
}

// aboutMetrics reports whether the specification's variables of this name configure pipelines of metrics.
func aboutMetrics(name string) bool {
	if exporter, ok := strings.CutPrefix(name, "OTEL_EXPORTER_OTLP_"); ok {
		signal, _, _ := strings.Cut(exporter, "_")
		return !slices.Contains([]string{"TRACES", "LOGS", "PROFILES", "SPAN"}, signal)
	}
	return slices.ContainsFunc([]string{"OTEL_METRIC_", "OTEL_METRICS_", "OTEL_EXPORTER_PROMETHEUS_", configFile, experimentalConfigFile},
		func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

const (
	configFile             = "OTEL_CONFIG_FILE"
	experimentalConfigFile = "OTEL_EXPERIMENTAL_CONFIG_FILE"
)

// unsupported refuses a variable if it is set.
func (e *environment) unsupported(name string) {
	if e.value(name) == "" {
		return
	}
	remedy := "unset it, or correct its name"
	switch {
	case name == configFile, name == experimentalConfigFile:
		remedy = "configuration files are not read; unset it, and use the other OTEL_* variables or the options of New"
	case strings.HasPrefix(name, "OTEL_EXPORTER_PROMETHEUS_"):
		remedy = "no listener is opened here; unset it, and serve Metrics.Handler at an address of your choice"
	case name == histogramAggregation:
		remedy = "the contract decides the form of each histogram; unset it, and set Metric.Form with WithContract"
	}
	e.bad(name, "it is not supported: %s", remedy)
}

// environment reads variables and gathers what is wrong with them.
type environment struct {
	getenv func(string) string
	asked  map[string]bool // the names of the variables that were looked at
	errs   []error
}

// value returns the value of a variable without the spaces around it, empty if it is not set.
func (e *environment) value(name string) string {
	if e.asked == nil {
		e.asked = make(map[string]bool)
	}
	e.asked[name] = true
	return strings.TrimSpace(e.getenv(name))
}

func (e *environment) bad(name, format string, args ...any) {
	e.errs = append(e.errs, fmt.Errorf("variable "+name+": "+format, args...))
}

func (e *environment) oneOf(name string, legal ...string) string {
	return e.choose(name, e.value(name), legal)
}

// list returns the elements of a list that are legal.
func (e *environment) list(name string, legal ...string) (chosen []string) {
	for value := range strings.SplitSeq(e.value(name), ",") {
		if value = e.choose(name, value, legal); value != "" {
			chosen = append(chosen, value)
		}
	}
	return chosen
}

func (e *environment) choose(name, value string, legal []string) string {
	value = strings.ToLower(strings.TrimSpace(value))
	if value == "" {
		return ""
	}
	if slices.Contains(legal, value) {
		return value
	}
	e.bad(name, "%q is none of %s", value, strings.Join(legal, ", "))
	return ""
}

// milliseconds returns zero for a variable that is not set.
func (e *environment) milliseconds(name string) time.Duration {
	value := e.value(name)
	if value == "" {
		return 0
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 1 {
		e.bad(name, "%q is not a positive number of milliseconds", value)
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

// headers checks what the exporter would pass over and write to a log.
func (e *environment) headers(name string) {
	e.pairs(name)
	for pair := range strings.SplitSeq(e.value(name), ",") {
		key, value, _ := strings.Cut(pair, "=")
		if strings.ContainsFunc(strings.TrimSpace(key), notHeader) {
			e.bad(name, "an entry has a key that is no name of a header")
		}
		if _, err := url.PathUnescape(value); err != nil {
			e.bad(name, "an entry has a value that is not percent-encoded")
		}
	}
}

// notHeader reports whether a character is none of a token (RFC 9110 §5.6.2).
func notHeader(r rune) bool {
	letter := 'a' <= r|0x20 && r|0x20 <= 'z'
	digit := '0' <= r && r <= '9'
	return !letter && !digit && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// pairs never shows the values: headers are secret.
func (e *environment) pairs(name string) {
	for pair := range strings.SplitSeq(e.value(name), ",") {
		if key, _, ok := strings.Cut(pair, "="); strings.TrimSpace(pair) != "" && (!ok || strings.TrimSpace(key) == "") {
			e.bad(name, "an entry is not of the form key=value")
		}
	}
}
