package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/access"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/redact"
)

type health struct {
	Target string `arg:"" optional:"" default:"/ready" help:"Path of the service at --listen, or a URL (${default})."`

	Listen        string        `default:":3000" env:"DSPY_METRICS_LISTEN" placeholder:"ADDRESS" help:"Address of the service, the same as for serve (${default})."`
	WebConfigFile string        `env:"DSPY_METRICS_WEB_CONFIG_FILE" placeholder:"FILE" type:"path" help:"Web config file, the same as for serve. It decides whether to use TLS."`
	Timeout       time.Duration `default:"3s" env:"DSPY_METRICS_HEALTH_TIMEOUT" help:"Time limit for the answer (${default})."`
	configFlag    `embed:""`
}

// Help is shown by --help.
func (health) Help() string {
	return `Use this command in a container image without a shell. Set the address with the variable DSPY_METRICS_LISTEN instead of
the flag, so that serve and health both use it. The same holds for DSPY_METRICS_WEB_CONFIG_FILE.

Only the status 200 is healthy. Proxies are not used, and redirects are not followed. If the target is a path, the
certificate of the server is not verified, because it may be issued for another name. The command has no client
certificate. If serve requires one, give the URL of its --metrics-listen.

Examples:
  dspy-metrics health
  dspy-metrics health /health
  dspy-metrics health --timeout 1s http://qa.example.com:3000
  HEALTHCHECK CMD ["/dspy-metrics", "health"]

Exit codes: 0 if healthy, 1 if not, 2 for invalid flags or variables.`
}

// Validate is called by the parser.
func (c *health) Validate() error { return positive("--timeout", c.Timeout) }

// Run sends one request.
func (c *health) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("no answer within %s", c.Timeout))
	defer cancel()
	target, err := c.url(ctx)
	if err != nil {
		return usageError{err}
	}
	status, body, err := get(ctx, target.String(), c.own())
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("%s: %w", target.Redacted(), context.Cause(ctx))
	case err != nil:
		// Without the URL, and its password, that the client puts before it.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return fmt.Errorf("%s: %w", target.Redacted(), err)
	case status != http.StatusOK:
		return fmt.Errorf("%s: %d %s: %#q", target.Redacted(), status, http.StatusText(status), body)
	}
	_, err = fmt.Fprintf(os.Stdout, "%s: %d %s\n", target.Redacted(), status, http.StatusText(status))
	return err
}

// own reports whether the target is a path of the service at --listen.
func (c *health) own() bool {
	target, err := url.Parse(c.Target)
	return err == nil && target.Scheme == "" && target.Host == "" && strings.HasPrefix(target.Path, "/")
}

// url returns the URL to request.
func (c *health) url(ctx context.Context) (*url.URL, error) {
	target, err := url.Parse(c.Target)
	switch {
	case c.own():
		host, err := local(ctx, c.Listen)
		if err != nil {
			return nil, fmt.Errorf("--listen %q: %w", c.Listen, err)
		}
		protected, err := access.TLS(c.WebConfigFile)
		if err != nil {
			return nil, fmt.Errorf("--web-config-file %w", err)
		}
		target.Scheme, target.Host = "http", host
		if protected {
			target.Scheme = "https"
		}
	case err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https":
		return nil, fmt.Errorf("%q is neither a path such as /ready nor a URL such as http://127.0.0.1:3000", redact.URL(c.Target))
	case target.Path == "":
		target.Path = "/ready"
	}
	return target, nil
}

// local returns the host and port by which a program on the same machine reaches
// what listens at the address.
func local(ctx context.Context, address string) (string, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", service)
	switch {
	case err != nil:
		return "", err
	case port == 0:
		return "", errors.New("port 0 is a different port at each start: give the URL of the service instead")
	}
	switch ip, _ := netip.ParseAddr(host); {
	case host == "" || ip == netip.IPv4Unspecified():
		host = "127.0.0.1"
	case ip == netip.IPv6Unspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), nil
}

// get returns the status and the beginning of an answer.
func get(ctx context.Context, target string, own bool) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	client := http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: own}, //nolint:gosec // nothing secret is sent or believed
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, 200))
	return response.StatusCode, body, err
}
