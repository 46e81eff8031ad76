package otelmetrics

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

const (
	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
	// otlpPath is the path of the signal under an endpoint of all signals.
	otlpPath = "v1/metrics"
)

// newOTLPExporter makes the exporter, which does not connect yet. It reads headers, certificates, compression, timeout and
// temporality from the environment by itself. The endpoint is always given: of the one that it would read, it would let
// OTEL_EXPORTER_OTLP_INSECURE override the scheme.
func newOTLPExporter(ctx context.Context, c otlpConfig) (exporter sdkmetric.Exporter, err error) {
	if c.protocol == protocolGRPC {
		exporter, err = otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpointURL(c.target.String()))
	} else {
		exporter, err = otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(c.target.String()))
	}
	if err != nil {
		return nil, fmt.Errorf("otlp exporter: %w", err)
	}
	return exporter, nil
}

// defaultTarget is the specification's default endpoint.
func defaultTarget(protocol string) *url.URL {
	if protocol == protocolGRPC {
		return &url.URL{Scheme: "http", Host: "localhost:4317"}
	}
	return &url.URL{Scheme: "http", Host: "localhost:4318", Path: "/" + otlpPath}
}

// otlpURL returns an endpoint as a URL, whose scheme says whether the connection is secured. One without a scheme, host:port,
// is legal for gRPC. Then the specification leaves it to insecure.
func otlpURL(endpoint, protocol string, insecure bool) (*url.URL, error) {
	forms := "http://host:port or https://host:port"
	if protocol == protocolGRPC {
		forms = "host:port, " + forms
		if hostPort(endpoint) {
			scheme := "https"
			if insecure {
				scheme = "http"
			}
			return &url.URL{Scheme: scheme, Host: endpoint}, nil
		}
	} else if hostPort(endpoint) {
		forms += "; host:port alone is for OTEL_EXPORTER_OTLP_PROTOCOL=grpc"
	}
	u, err := url.Parse(endpoint)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" {
		return u, nil
	}
	if strings.Contains(endpoint, "@") {
		endpoint = "…" // in a mistyped URL a part of the password can be anywhere
	}
	return nil, fmt.Errorf("endpoint %q is not of the form %s", endpoint, forms)
}

// hostPort reports whether the text is a host and a port, and nothing else.
func hostPort(endpoint string) bool {
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil || host == "" || strings.ContainsAny(host, "/@?#") {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}
