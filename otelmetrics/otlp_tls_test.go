package otelmetrics_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/internal/testca"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// TestProtectedCollector pushes to a collector that wants a certificate and a
// token. What is wrong on our side is told once an outage, and counted each time.
func TestProtectedCollector(t *testing.T) {
	const token = "s3cret-token"
	tests := map[string]struct {
		wrong map[string]string // variables that are not as they should be
		says  string            // in the warning; nothing if the push works
	}{
		"trusted":               {nil, ""},
		"unknown authority":     {map[string]string{"CERTIFICATE": "people.crt"}, "unknown authority"},
		"no client certificate": {map[string]string{"CLIENT_CERTIFICATE": "", "CLIENT_KEY": ""}, "remote error: tls"},
		"wrong token":           {map[string]string{"HEADERS": "authorization=Bearer%20s3cret-other"}, "nauth"},
		"no token":              {map[string]string{"HEADERS": ""}, "nauth"},
	}
	for protocol, receiver := range map[string]func(testing.TB, *tls.Config) *otlptest.Receiver{
		"grpc": otlptest.NewGRPCWithTLS, "http/protobuf": otlptest.NewHTTPWithTLS,
	} {
		for name, test := range tests {
			t.Run(protocol+" "+name, func(t *testing.T) {
				dir := t.TempDir()
				servers, people := testca.New(t, dir, "servers"), testca.New(t, dir, "people")
				until := time.Now().Add(time.Hour)
				own := people.Issue(t, "own", until)
				collector := receiver(t, &tls.Config{
					Certificates: []tls.Certificate{servers.Issue(t, "collector", until).Certificate},
					ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: people.Pool,
					// With TLS 1.3 a client that is refused may see no more of it than
					// a connection that is gone.
					MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12,
				})
				collector.Require("authorization", "Bearer "+token)
				timeout := "10000"
				if strings.Contains(test.says, "authority") || strings.Contains(test.says, "tls") {
					timeout = "1000" // what cannot connect is tried again until then
				}
				variables := map[string]string{
					"ENDPOINT":           strings.Replace(collector.Endpoint(), "://", "://me:s3cret-password@", 1),
					"PROTOCOL":           protocol,
					"TIMEOUT":            timeout,
					"CERTIFICATE":        servers.File,
					"CLIENT_CERTIFICATE": own.CertFile,
					"CLIENT_KEY":         own.KeyFile,
					"HEADERS":            "authorization=Bearer%20" + token,
				}
				for key, value := range test.wrong {
					if strings.HasSuffix(value, ".crt") {
						value = filepath.Join(dir, value)
					}
					variables[key] = value
				}
				for key, value := range variables {
					t.Setenv("OTEL_EXPORTER_OTLP_"+key, value)
				}
				var log logs
				m := newRecorder(t, log.option())
				const pushes = 2
				for range pushes {
					if err := m.ForceFlush(t.Context()); (err == nil) != (test.says == "") {
						t.Errorf("got %v, want an error: %t", err, test.says != "")
					}
				}
				failures, warnings := pushes, 1
				if test.says == "" {
					failures, warnings = 0, 0
				}
				if got := samples(t, scrape(t, m, text))["dspy_metrics_export_errors_total{}"]; got != float64(failures) {
					t.Errorf("got %v failed pushes, want %d", got, failures)
				}
				if got := log.lines("level=WARN"); len(got) != warnings || warnings > 0 && !strings.Contains(got[0], test.says) {
					t.Errorf("got the warnings %q, want %d with %q", got, warnings, test.says)
				}
				if got := log.lines("s3cret"); len(got) > 0 {
					t.Errorf("got a secret in %q", got)
				}
			})
		}
	}
}

// TestCertificateFiles has variables that the exporter would pass over.
func TestCertificateFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	authority := testca.New(t, dir, "authority")
	one, other := authority.Issue(t, "one", time.Now().Add(time.Hour)), authority.Issue(t, "other", time.Now().Add(time.Hour))
	garbage := filepath.Join(dir, "garbage")
	if err := os.WriteFile(garbage, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	const all, own = "OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_METRICS_"
	for name, test := range map[string]struct {
		variables map[string]string
		want      string // nothing for no error
	}{
		"usable":            {map[string]string{all + "CERTIFICATE": authority.File, own + "CLIENT_CERTIFICATE": one.CertFile, own + "CLIENT_KEY": one.KeyFile}, ""},
		"authority absent":  {map[string]string{all + "CERTIFICATE": garbage + "x"}, all + "CERTIFICATE: open"},
		"authority garbage": {map[string]string{own + "CERTIFICATE": garbage}, own + "CERTIFICATE: "},
		"no key":            {map[string]string{all + "CLIENT_CERTIFICATE": one.CertFile}, "needs " + all + "CLIENT_KEY"},
		"no certificate":    {map[string]string{own + "CLIENT_KEY": one.KeyFile}, "needs " + own + "CLIENT_CERTIFICATE"},
		"key absent":        {map[string]string{all + "CLIENT_CERTIFICATE": one.CertFile, all + "CLIENT_KEY": garbage + "x"}, all + "CLIENT_KEY: open"},
		"another's key":     {map[string]string{all + "CLIENT_CERTIFICATE": one.CertFile, all + "CLIENT_KEY": other.KeyFile}, "does not match"},
		"key garbage":       {map[string]string{all + "CLIENT_CERTIFICATE": one.CertFile, all + "CLIENT_KEY": garbage}, all + "CLIENT_KEY: tls"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := otelmetrics.New(t.Context(), otelmetrics.WithEnvironment(test.variables))
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := m.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}
