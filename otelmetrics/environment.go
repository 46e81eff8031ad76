package otelmetrics

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

const (
	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
)

// readEnvironment reads the variables of the OpenTelemetry specification
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)
// that decide what New builds, and checks those that the exporter reads. The SDK
// would pass over a wrong value with a line in its log; here it is an error,
// because an operator who set it wants it.
func (c *config) readEnvironment() error {
	e := environment{getenv: c.getenv}

	c.readGenAI()
	c.disabled = e.oneOf("OTEL_SDK_DISABLED", "true", "false") == "true"
	e.list("OTEL_METRICS_EXPORTER", "otlp", "prometheus", "none")
	if endpoint := endpointVariable(c.getenv); e.endpoint(endpoint) || c.exporterChosen() {
		c.otlp.on = true
	}
	if c.getenv("OTEL_METRICS_EXPORTER") != "" && !c.exporterChosen() && c.otlp.endpoint == "" {
		c.otlp.on = false
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := e.oneOf(name, protocolGRPC, protocolHTTP); c.otlp.protocol == "" {
			c.otlp.protocol = protocol
		}
	}
	if interval := e.milliseconds("OTEL_METRIC_EXPORT_INTERVAL"); interval > 0 && c.otlp.interval == nil {
		c.otlp.interval = &interval
	}
	e.milliseconds("OTEL_METRIC_EXPORT_TIMEOUT")
	for _, signal := range []string{"OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_METRICS_"} {
		e.milliseconds(signal + "TIMEOUT")
		e.oneOf(signal+"COMPRESSION", "gzip", "none")
		e.headers(signal + "HEADERS")
		e.certificates(signal)
	}
	e.oneOf("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative", "delta", "lowmemory")
	e.pairs("OTEL_RESOURCE_ATTRIBUTES")
	filter := e.oneOf("OTEL_METRICS_EXEMPLAR_FILTER", "always_on", "always_off", "trace_based")
	if c.exemplarFilter == nil {
		switch filter {
		case "always_on":
			c.exemplarFilter = exemplar.AlwaysOnFilter
		case "always_off":
			c.exemplarFilter = exemplar.AlwaysOffFilter
		}
	}
	return errors.Join(e.errs...)
}

// exporterChosen tells whether the environment asks for the push path by name,
// which goes to the default endpoint if it names none.
func (c *config) exporterChosen() bool {
	for name := range strings.SplitSeq(c.getenv("OTEL_METRICS_EXPORTER"), ",") {
		if strings.EqualFold(strings.TrimSpace(name), "otlp") {
			return true
		}
	}
	return false
}

// endpointVariable returns the name of the variable that gives the endpoint.
func endpointVariable(getenv func(string) string) string {
	const metrics = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
	if getenv(metrics) != "" {
		return metrics
	}
	return "OTEL_EXPORTER_OTLP_ENDPOINT"
}

func validateEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return nil
	}
	if strings.Contains(endpoint, "@") {
		endpoint = "…" // in a mistyped URL a part of the password can be anywhere
	}
	return fmt.Errorf("endpoint %q is not of the form http://host:port or https://host:port", endpoint)
}

// environment reads variables and gathers what is wrong with them.
type environment struct {
	getenv func(string) string
	errs   []error
}

func (e *environment) bad(name, format string, args ...any) {
	e.errs = append(e.errs, fmt.Errorf("variable "+name+": "+format, args...))
}

func (e *environment) oneOf(name string, legal ...string) string {
	return e.choose(name, e.getenv(name), legal)
}

func (e *environment) list(name string, legal ...string) {
	for value := range strings.SplitSeq(e.getenv(name), ",") {
		e.choose(name, value, legal)
	}
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
	value := strings.TrimSpace(e.getenv(name))
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

// endpoint tells whether the variable is set.
func (e *environment) endpoint(name string) bool {
	value := e.getenv(name)
	if value == "" {
		return false
	}
	if err := validateEndpoint(value); err != nil {
		e.bad(name, "%w", err)
	}
	return true
}

// headers checks what the exporter would pass over and write to a log.
func (e *environment) headers(name string) {
	e.pairs(name)
	for pair := range strings.SplitSeq(e.getenv(name), ",") {
		key, value, _ := strings.Cut(pair, "=")
		if strings.ContainsFunc(strings.TrimSpace(key), notHeader) {
			e.bad(name, "an entry has a key that is no name of a header")
		}
		if _, err := url.PathUnescape(value); err != nil {
			e.bad(name, "an entry has a value that is not percent-encoded")
		}
	}
}

// notHeader tells whether a character is none of a token (RFC 9110 §5.6.2).
func notHeader(r rune) bool {
	letter := 'a' <= r|0x20 && r|0x20 <= 'z'
	digit := '0' <= r && r <= '9'
	return !letter && !digit && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// pairs never shows the values: headers are secret.
func (e *environment) pairs(name string) {
	for pair := range strings.SplitSeq(e.getenv(name), ",") {
		if key, _, ok := strings.Cut(pair, "="); strings.TrimSpace(pair) != "" && (!ok || strings.TrimSpace(key) == "") {
			e.bad(name, "an entry is not of the form key=value")
		}
	}
}
