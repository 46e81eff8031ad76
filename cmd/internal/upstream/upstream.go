// Package upstream is the way to a DSPy service over HTTP.
package upstream

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/redact"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Config has no defaults: every field must be set.
type Config struct {
	URL            string        // http or https, with the path that goes before all others, and maybe a user and a password
	Connections    int           // kept open
	ConnectTimeout time.Duration // until a connection is made
	Retries        int           // of a request, beside the first attempt
}

// Upstream sends requests to a DSPy service as they came. It is safe for
// concurrent use.
type Upstream struct {
	target    *url.URL
	base      string // the path that goes before all others, without a slash at its end
	transport http.RoundTripper
	retries   int
}

// New returns an upstream. No connection is made: the service may come later.
func New(c Config) (*Upstream, error) {
	target, err := url.Parse(c.URL)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, fmt.Errorf("upstream %q: give a URL such as http://127.0.0.1:8000", redact.URL(c.URL))
	}
	return &Upstream{
		target: target,
		base:   strings.TrimRight(target.EscapedPath(), "/"),
		transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: c.ConnectTimeout, KeepAlive: 30 * time.Second}).DialContext,
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: c.ConnectTimeout,
			MaxIdleConnsPerHost: c.Connections,
			// Uvicorn closes an idle connection after 5 s. A request that is sent
			// in that moment is lost, and cannot be sent again.
			IdleConnTimeout: 4 * time.Second,
			// As much as net/http's server takes of a request; the default is ten times that.
			MaxResponseHeaderBytes: http.DefaultMaxHeaderBytes,
			// Answers pass as they are, compressed or not.
			DisableCompression: true,
		},
		retries: c.Retries,
	}, nil
}

// String does not contain the address of the program, because clients must not see
// it.
func (u *Upstream) String() string { return "a DSPy service" }

// Check lets everything pass: what a request must be is the service's to say.
func (u *Upstream) Check(otelmetrics.PredictionType, []byte) error { return nil }
