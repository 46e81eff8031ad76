package access_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/access"
	"github.com/dspy-metrics/dspy-metrics/internal/testca"
	"github.com/dspy-metrics/dspy-metrics/internal/testio"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
)

const (
	password = "correct horse"
	hash     = "$2a$04$3alsyGxC910KA5loC4J0U.f0E7ES6kREA4xqRZqXpxYIT/idd4d7K" // of the password

	passwords = "basic_auth_users: {prometheus: " + hash + "}\n"
	mutualTLS = `tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: people.crt
` + passwords
)

// protected is a server behind a web config file.
type protected struct {
	*access.Server
	file            string
	servers, people *testca.Authority
	metrics         *otelmetricstest.Metrics
	log             testio.Buffer
	holding, most   atomic.Int64 // requests of /hold, which are not answered
}

func serve(t *testing.T, webConfig string) *protected {
	t.Helper()
	return serveFor(t, webConfig, time.Minute)
}

// serveFor is serve with a time for connections that are idle.
func serveFor(t *testing.T, webConfig string, keepAlive time.Duration) *protected {
	t.Helper()
	dir := t.TempDir()
	p := &protected{
		file:    filepath.Join(dir, "web.yml"),
		servers: testca.New(t, dir, "servers"), people: testca.New(t, dir, "people"), metrics: otelmetricstest.New(t),
	}
	p.servers.Issue(t, "server", time.Now().Add(time.Hour))
	p.configure(t, webConfig)
	mux := http.NewServeMux()
	for _, path := range []string{"/metrics", "/health"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Errorf("the writer has lost its methods: %v", err)
			}
			_, _ = io.WriteString(w, "served "+r.Header.Get("Authorization"))
		})
	}
	mux.HandleFunc("/hold", func(_ http.ResponseWriter, r *http.Request) {
		if now := p.holding.Add(1); now > p.most.Load() {
			p.most.Store(now)
		}
		<-r.Context().Done()
		<-time.After(time.Second) // it does not end at once
		p.holding.Add(-1)
	})
	server, err := access.Listen(t.Context(), access.Config{
		Address: "127.0.0.1:0", Handler: mux, WebConfigFile: p.file, Open: []string{"/health"},
		ClientTimeout: time.Minute, KeepAlive: keepAlive, Recorder: p.metrics.Recorder, Logger: slog.New(slog.NewTextHandler(&p.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Server = server
	done := make(chan error)
	go func() { done <- server.Serve() }()
	t.Cleanup(func() {
		if err := server.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve ended with %v", err)
		}
		if strings.Contains(p.log.String(), password) || strings.Contains(p.log.String(), hash) {
			t.Errorf("the log has a secret:\n%s", p.log.String())
		}
	})
	return p
}

// configure replaces the web config file.
func (p *protected) configure(t *testing.T, webConfig string) {
	t.Helper()
	if err := os.WriteFile(p.file, []byte(webConfig), 0o600); err != nil {
		t.Fatal(err)
	}
}

// client is who asks: the zero value trusts the server and has nothing to show.
type client struct {
	scheme, path, user, password string
	certificate                  *testca.Pair
	version                      uint16 // of TLS, at most
	distrusts                    bool
}

// get returns the status, or the error of a connection that was refused.
func (c client) get(t *testing.T, p *protected) (status int, answer string, err error) {
	t.Helper()
	if c.scheme == "" {
		c.scheme = "https"
	}
	if c.path == "" {
		c.path = "/metrics"
	}
	config := &tls.Config{RootCAs: p.servers.Pool, MinVersion: tls.VersionTLS10, MaxVersion: c.version}
	if c.distrusts {
		config.RootCAs = p.people.Pool
	}
	if c.certificate != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &c.certificate.Certificate, nil // also one that the server will not like
		}
	}
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.scheme+"://"+p.Addr()+c.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.user != "" {
		request.SetBasicAuth(c.user, c.password)
	}
	response, err := (&http.Client{Transport: transport, Timeout: 20 * time.Second}).Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func counted(errorType string, count int) string {
	return fmt.Sprintf(`dspy_errors_total{error_type=%q,service="test"} %d`, errorType, count)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change  func(*testing.T, *protected, *client) // of one who may come in
		status  int                                   // 0 if there is no answer
		counted int
		logged  string
	}{
		"welcome":            {func(*testing.T, *protected, *client) {}, 200, 0, ""},
		"wrong password":     {func(_ *testing.T, _ *protected, c *client) { c.password = "battery staple" }, 401, 1, "Unauthorized"},
		"unknown user":       {func(_ *testing.T, _ *protected, c *client) { c.user = "nobody" }, 401, 1, "Unauthorized"},
		"no password":        {func(_ *testing.T, _ *protected, c *client) { c.user = "" }, 401, 1, "Unauthorized"},
		"unknown path":       {func(_ *testing.T, _ *protected, c *client) { c.user, c.path = "", "/health/../x" }, 401, 1, "Unauthorized"},
		"probe":              {func(_ *testing.T, _ *protected, c *client) { c.user, c.path = "", "/health" }, 200, 0, ""},
		"no certificate":     {func(_ *testing.T, _ *protected, c *client) { c.certificate = nil }, 0, 1, "provide a certificate"},
		"probe without one":  {func(_ *testing.T, _ *protected, c *client) { c.certificate, c.path = nil, "/health" }, 0, 1, "provide a certificate"},
		"TLS 1.2":            {func(_ *testing.T, _ *protected, c *client) { c.version = tls.VersionTLS12 }, 200, 0, ""},
		"TLS 1.1":            {func(_ *testing.T, _ *protected, c *client) { c.version = tls.VersionTLS11 }, 0, 1, "unsupported versions"},
		"TLS 1.0":            {func(_ *testing.T, _ *protected, c *client) { c.version = tls.VersionTLS10 }, 0, 1, "unsupported versions"},
		"plain HTTP":         {func(_ *testing.T, _ *protected, c *client) { c.scheme = "http" }, 400, 1, "HTTP request to an HTTPS server"},
		"client's own doubt": {func(_ *testing.T, _ *protected, c *client) { c.distrusts = true }, 0, 0, ""},
		"expired certificate": {func(t *testing.T, p *protected, c *client) {
			expired := p.people.Issue(t, "expired", time.Now().Add(-time.Hour))
			c.certificate = &expired
		}, 0, 1, "expired"},
		"unknown authority": {func(t *testing.T, p *protected, c *client) {
			stranger := testca.New(t, t.TempDir(), "strangers").Issue(t, "stranger", time.Now().Add(time.Hour))
			c.certificate = &stranger
		}, 0, 1, "unknown authority"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := serve(t, mutualTLS)
			known := p.people.Issue(t, "known", time.Now().Add(time.Hour))
			c := client{user: "prometheus", password: password, certificate: &known}
			test.change(t, p, &c)
			status, answer, err := c.get(t, p)
			if status != test.status || (status == 0) != (err != nil) {
				t.Errorf("got status %d, %v, want %d", status, err, test.status)
			}
			if strings.Contains(answer, "Basic") {
				t.Errorf("the password went on: %q", answer)
			}
			if status != 200 && strings.Contains(answer, "served") {
				t.Errorf("got %q", answer)
			}
			p.metrics.Eventually(t, counted("unauthorized", test.counted))
			testio.Eventually(t, "a line in the log", func() bool { return strings.Contains(p.log.String(), test.logged) })
			if log := p.log.String(); (test.logged == "") != (log == "") || strings.Contains(log, "battery") {
				t.Errorf("got log %q, want %q in it", log, test.logged)
			}
		})
	}
}

// A port that is tried, as by a TCP probe, is no client that was refused.
func TestPortProbe(t *testing.T) {
	t.Parallel()
	p := serve(t, mutualTLS)
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	connection.Close()
	if _, _, err := (client{}).get(t, p); err == nil {
		t.Error("got no error without a certificate")
	}
	p.metrics.Eventually(t, counted("unauthorized", 1))
}

// Everything is read anew: certificates, authorities, passwords.
func TestReload(t *testing.T) {
	t.Parallel()
	p := serve(t, mutualTLS)
	known := p.people.Issue(t, "known", time.Now().Add(time.Hour))
	c := client{user: "prometheus", password: password, certificate: &known}
	want := func(what string, status int) {
		t.Helper()
		if got, _, err := c.get(t, p); got != status {
			t.Errorf("%s: got status %d, %v, want %d", what, got, err, status)
		}
	}
	want("at first", 200)

	p.servers.Issue(t, "server", time.Now().Add(-time.Hour))
	if _, _, err := c.get(t, p); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("got %v with an expired server certificate", err)
	}
	p.servers.Issue(t, "server", time.Now().Add(time.Hour))
	want("renewed", 200)

	others := testca.New(t, filepath.Dir(p.file), "others")
	p.configure(t, strings.Replace(mutualTLS, "people.crt", "others.crt", 1))
	want("another authority", 0)
	p.metrics.Eventually(t, counted("unauthorized", 1))
	other := others.Issue(t, "other", time.Now().Add(time.Hour))
	c.certificate = &other
	want("a certificate of it", 200)
	c.certificate = &known

	p.configure(t, strings.Replace(mutualTLS, "prometheus:", "somebody:", 1))
	want("the user is gone", 401)
	p.metrics.Eventually(t, counted("unauthorized", 2))

	// The mistake is another kind of error, and its values are not quoted.
	p.configure(t, "basic_auth_users: horse\n")
	want("broken", 0)
	p.metrics.Eventually(t, counted("other", 1))
	testio.Eventually(t, "a line in the log", func() bool { return strings.Contains(p.log.String(), "cannot unmarshal") })
	if log := p.log.String(); strings.Contains(log, "horse") {
		t.Errorf("got log %q", log)
	}
	p.configure(t, mutualTLS)
	want("mended", 200)
}

// Without TLS it is passwords alone, and the toolkit's limit is counted as one.
func TestPlain(t *testing.T) {
	t.Parallel()
	p := serve(t, passwords+"rate_limit: {burst: 2, interval: 1h}\n")
	c := client{scheme: "http", user: "prometheus", password: password}
	for i, want := range []int{200, 401, 429} {
		if i == 1 {
			c.password = "wrong"
		}
		if got, _, err := c.get(t, p); got != want {
			t.Errorf("request %d: got status %d, %v, want %d", i, got, err, want)
		}
	}
	p.metrics.Want(t, counted("unauthorized", 1)+"\n"+counted("rate_limit", 1))
	p.configure(t, "basic_auth_users: horse\n")
	if got, answer, err := c.get(t, p); got != 500 || strings.Contains(answer, "horse") {
		t.Errorf("got status %d, %v: %s", got, err, answer)
	}
	p.metrics.Want(t, counted("other", 1))
}

// Where no password is wanted, credentials are for whom the handler asks.
func TestCredentialsOfOthersPass(t *testing.T) {
	t.Parallel()
	p := serve(t, "tls_server_config: {cert_file: server.crt, key_file: server.key}")
	if _, answer, err := (client{user: "me", password: "x"}).get(t, p); err != nil || !strings.Contains(answer, "Basic") {
		t.Errorf("got %q, %v", answer, err)
	}
}

// All are counted, some are logged.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	p := serve(t, passwords)
	const attempts = 50
	for range attempts {
		if got, _, err := (client{scheme: "http"}).get(t, p); got != 401 {
			t.Fatalf("got status %d, %v", got, err)
		}
	}
	p.metrics.Want(t, counted("unauthorized", attempts))
	if got := strings.Count(p.log.String(), "\n"); got > 10 {
		t.Errorf("got %d lines in the log", got)
	}
}

func TestConfigError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, test := range map[string]struct{ webConfig, want string }{
		"absent":        {"", "no such file"},
		"not YAML":      {"a: b: c", "yaml"},
		"unknown field": {"tls: {}", "field tls not found"},
		"plain text":    {"basic_auth_users: {prometheus: horse}", "too short to be a bcrypted password"},
		"quoted":        {"basic_auth_users: horse", "cannot unmarshal !!str … into"},
		"no key":        {"tls_server_config: {cert_file: server.crt}", "missing one of key or key_file"},
		"old TLS":       {"tls_server_config: {cert_file: a, key_file: b, min_version: TLS11}", "use TLS12"},
		"no policy":     {"tls_server_config: {cert_file: a, key_file: b}", "cert_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(dir, name)
			if test.webConfig != "" {
				if err := os.WriteFile(file, []byte(test.webConfig), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := access.Listen(t.Context(), access.Config{Address: "127.0.0.1:0", WebConfigFile: file})
			if _, ok := errors.AsType[*access.ConfigError](err); !ok || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "horse") {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}
