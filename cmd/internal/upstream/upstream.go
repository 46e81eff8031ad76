// Package upstream is the way to a DSPy service over HTTP.
package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cenkalti/backoff/v5"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/redact"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
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
	transport *http.Transport
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

// String does not tell where the service is: that is not for clients.
func (u *Upstream) String() string { return "a DSPy service" }

// Check lets everything pass: what a request must be is the service's to say.
func (u *Upstream) Check(otelmetrics.PredictionType, []byte) error { return nil }

// Rewrite makes the request to the service. It says for whom it is made. A user
// in the URL takes the place of the client's credentials.
func (u *Upstream) Rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.RawQuery = ascii(r.In.URL.RawQuery) // also what net/http cannot parse
	r.SetURL(u.target)
	r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
	r.SetXForwarded()
	if user := u.target.User; user != nil {
		password, _ := user.Password()
		r.Out.SetBasicAuth(user.Username(), password)
	}
}

// ascii percent-encodes the bytes that a request line cannot have, as browsers
// do. net/http takes them from clients, and would pass them on.
func ascii(query string) string {
	var encoded strings.Builder
	for i := range len(query) {
		if query[i] < utf8.RuneSelf {
			encoded.WriteByte(query[i])
		} else {
			fmt.Fprintf(&encoded, "%%%02X", query[i])
		}
	}
	return encoded.String()
}

// Predict sends the request. If its body can be had again (GetBody), it tries
// again as long as no connection was made,
// and, for a request that may be repeated, after a connection that broke and an
// answer that the service is not there. All errors that are not those of the
// request's context are [otelmetrics.UpstreamUnavailable].
func (u *Upstream) Predict(_ *service.Call, r *http.Request) (*http.Response, error) {
	attempts := 0
	return backoff.Retry(r.Context(), func() (*http.Response, error) {
		attempts++
		last := attempts > u.retries || r.GetBody == nil
		attempt := r
		if attempts > 1 {
			attempt = again(r)
		}
		response, err := u.transport.RoundTrip(attempt)
		switch {
		case err != nil && (last || r.Context().Err() != nil || !unsent(err) && !repeatable(r)):
			return nil, backoff.Permanent(unavailable(r.Context(), err))
		case err != nil:
			return nil, unavailable(r.Context(), err)
		case response.StatusCode < http.StatusOK:
			// Nobody asked for another protocol, and below 100 there is no status.
			_ = response.Body.Close()
			return nil, backoff.Permanent(&otelmetrics.Error{
				Type: otelmetrics.UpstreamUnavailable,
				Err:  fmt.Errorf("status %q is not that of an answer", response.Status),
			})
		case !last && repeatable(r) && away(response.StatusCode):
			_ = response.Body.Close()
			return nil, &otelmetrics.Error{Type: otelmetrics.UpstreamUnavailable, Err: errors.New(response.Status)}
		}
		return response, nil
	}, backoff.WithBackOff(pauses()))
}

// again returns the request for another attempt.
func again(r *http.Request) *http.Request {
	attempt := r.Clone(r.Context())
	if r.Body != nil {
		attempt.Body, _ = r.GetBody() // of bytes in memory
	}
	return attempt
}

// pauses are short, as a client waits: 50 ms and half as much more each time.
func pauses() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 50 * time.Millisecond
	return b
}

func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &otelmetrics.Error{Type: otelmetrics.UpstreamUnavailable, Err: err}
}

// unsent tells whether the service cannot have seen the request.
func unsent(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}

// repeatable tells whether a request may be made twice: its method says so, or
// the client by the header that net/http takes for it as well.
func repeatable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return r.Header.Get("Idempotency-Key") != "" || r.Header.Get("X-Idempotency-Key") != ""
}

func away(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}
