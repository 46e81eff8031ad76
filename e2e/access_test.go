package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/testca"
)

// TestProtectedScrape has a Prometheus that shows a certificate and a password,
// beside two jobs that lack one of them: those are refused and counted.
func TestProtectedScrape(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	servers, clients := testca.New(t, dir, "servers"), testca.New(t, dir, "clients")
	servers.Issue(t, "server", time.Now().Add(time.Hour))
	own := clients.Issue(t, "own", time.Now().Add(time.Hour))
	file := func(name, content string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	right, wrong := file("right", "correct horse"), file("wrong", "battery staple")
	s := serve(t, "--service", "e2e", "--metrics-listen=127.0.0.1:0", "--metrics-web-config-file", file("web.yml", `
tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: clients.crt}
basic_auth_users: {prometheus: $2a$04$3alsyGxC910KA5loC4J0U.f0E7ES6kREA4xqRZqXpxYIT/idd4d7K}
`))
	var target string
	until(t, s.process, func() error {
		match := regexp.MustCompile(`msg="listening for scrapes" addr=(\S+)`).FindStringSubmatch(s.output.String())
		if match == nil {
			return fmt.Errorf("no second listener: %s", s.output.String())
		}
		target = match[1]
		return nil
	})
	exercise(t, s)

	job := func(name, credentials, certificate string) string {
		return fmt.Sprintf(`
  - job_name: %s
    honor_labels: true
    scheme: https
    basic_auth: {username: prometheus, password_file: %q}
    tls_config: {ca_file: %q%s}
    static_configs: [{targets: [%q]}]
`, name, credentials, servers.File, certificate, target)
	}
	shown := fmt.Sprintf(", cert_file: %q, key_file: %q", own.CertFile, own.KeyFile)
	p := scrapeJobs(t, job("welcome", right, shown)+job("password", wrong, shown)+job("certificate", right, ""))
	for query, want := range map[string]float64{
		`up{job="welcome"}`:     1,
		`up{job="password"}`:    0,
		`up{job="certificate"}`: 0,
		`dspy_predictions_total{job="welcome",service="e2e",prediction_type="cot",status="success"}`: 3,
		// Both of them have been refused, more than once.
		`dspy_errors_total{job="welcome",service="e2e",error_type="unauthorized"} > bool 2`: 1,
	} {
		until(t, p.process, func() error {
			got, err := p.query(t, query)
			if err == nil && (len(got) != 1 || float64(got[0].Value) != want) {
				err = fmt.Errorf("%s: got %v, want %v", query, got, want)
			}
			return err
		})
	}

	trust := []string{"check", "--ca-file", servers.File, "--basic-auth-user=prometheus"}
	for name, test := range map[string]struct {
		flags []string
		code  int
		want  string
	}{
		"welcome":     {[]string{"--basic-auth-password-file", right, "--cert-file", own.CertFile, "--key-file", own.KeyFile}, 0, "0 errors"},
		"password":    {[]string{"--basic-auth-password-file", wrong, "--cert-file", own.CertFile, "--key-file", own.KeyFile}, 2, "401 Unauthorized"},
		"certificate": {[]string{"--basic-auth-password-file", right}, 2, "not checked"},
	} {
		c := exec.CommandContext(t.Context(), binary, append(append(trust, test.flags...), "https://"+target+"/metrics")...)
		c.Env = environment()
		out, _ := c.CombinedOutput() // the exit code tells
		if code := c.ProcessState.ExitCode(); code != test.code || !strings.Contains(string(out), test.want) {
			t.Errorf("check, %s: got exit code %d, want %d with %q:\n%s", name, code, test.code, test.want, out)
		}
	}
	for _, secret := range []string{"correct horse", "battery staple", "$2a$"} {
		if strings.Contains(s.output.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, s.output.String())
		}
	}
}
