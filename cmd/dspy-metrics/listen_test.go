package main

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/testca"
)

// pair is a service whose two listeners are protected as the README says: the
// one for predictions with the server's part of it, that for metrics with all.
type pair struct {
	public, metrics string // addresses
	dir             string // of the files
	client          *http.Client
	command         *exec.Cmd
	log             io.Reader
}

// readmePassword is the password of the hash in docs/service.md.
const readmePassword = "change me"

func servePair(t *testing.T, flags ...string) *pair {
	t.Helper()
	readme, err := os.ReadFile("../../docs/service.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yml\n(tls_server_config:.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("docs/service.md has no web config file")
	}
	p := &pair{dir: t.TempDir()}
	servers, clients := testca.New(t, p.dir, "ca"), testca.New(t, p.dir, "clients")
	servers.Issue(t, "server", time.Now().Add(time.Hour))
	own := clients.Issue(t, "prometheus", time.Now().Add(time.Hour))
	open, closed := filepath.Join(p.dir, "open.yml"), filepath.Join(p.dir, "closed.yml")
	for file, content := range map[string]string{open: "tls_server_config: {cert_file: server.crt, key_file: server.key}", closed: string(block[1])} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: servers.Pool, Certificates: []tls.Certificate{own.Certificate}, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true,
	}}
	p.command = command(t, nil, append([]string{
		"serve", "--listen=127.0.0.1:0", "--web-config-file", open, "--metrics-listen=127.0.0.1:0", "--metrics-web-config-file", closed, "--drain-delay=1ms",
	}, flags...)...)
	p.public, p.log = began(t, p.command, "addr=")
	p.metrics = after(t, p.log, "addr=")
	return p
}

// after returns the next word of a log behind the mark.
func after(t *testing.T, log io.Reader, mark string) string {
	t.Helper()
	seen := ""
	for one := make([]byte, 1); ; {
		if _, err := log.Read(one); err != nil {
			t.Fatalf("%v in the log: %s", err, seen)
		}
		seen += string(one)
		if _, word, ok := strings.Cut(seen, mark); ok && (one[0] == ' ' || one[0] == '\n') {
			return strings.TrimSpace(word)
		}
	}
}

// send asks with the password, or without.
func (p *pair) send(ctx context.Context, method, url, password string) (status int, answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader("{}"))
	if err != nil {
		return 0, "", err
	}
	if password != "" {
		request.SetBasicAuth("prometheus", password)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func (p *pair) get(t *testing.T, url, password string) (status int, answer string) {
	t.Helper()
	status, answer, err := p.send(t.Context(), http.MethodGet, url, password)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

func TestTwoListeners(t *testing.T) {
	t.Parallel()
	p := servePair(t, "--pprof")
	public, metrics := "https://"+p.public, "https://"+p.metrics
	for _, test := range []struct {
		url, password string
		status        int
		has           string
	}{
		{public + "/health", "", 200, "alive"},
		{public + "/ready", "", 200, "ready"},
		{public + "/", "", 200, "POST /predict"},
		{public + "/metrics", readmePassword, 404, "invalid_input"},
		{public + "/debug/pprof/", readmePassword, 404, "invalid_input"},
		{metrics + "/health", "", 200, "alive"},
		{metrics + "/ready", "", 200, "ready"},
		{metrics + "/metrics", "", 401, "Unauthorized"},
		{metrics + "/metrics", "wrong", 401, "Unauthorized"},
		{metrics + "/", readmePassword, 200, "/debug/pprof/"},
		{metrics + "/debug/pprof/", "", 401, "Unauthorized"},
		{metrics + "/debug/pprof/goroutine?debug=1", readmePassword, 200, "goroutine profile"},
		{metrics + "/debug/pprof/cmdline", readmePassword, 404, "not found"},
		{metrics + "/predict", readmePassword, 404, "invalid_input"},
		{metrics + "/metrics", readmePassword, 200, `dspy_errors_total{error_type="unauthorized",service="dspy-metrics"} 3`},
	} {
		status, body := p.get(t, test.url, test.password)
		if status != test.status || !strings.Contains(body, test.has) {
			t.Errorf("%s: got status %d, want %d with %q:\n%s", test.url, status, test.status, test.has, body)
		}
	}
	if _, page := p.get(t, public+"/", ""); strings.Contains(page, "GET /metrics") {
		t.Error("the public page lists the metrics")
	}
	healthy := command(t, []string{"DSPY_METRICS_LISTEN=" + p.public, "DSPY_METRICS_WEB_CONFIG_FILE=" + filepath.Join(p.dir, "open.yml")}, "health")
	if out, err := healthy.CombinedOutput(); err != nil || !strings.Contains(string(out), "https://"+p.public+"/ready: 200 OK") {
		t.Errorf("health: %v\n%s", err, out)
	}
	out, err := command(t, nil, "check", "--ca-file", filepath.Join(p.dir, "ca.crt"), "--cert-file", filepath.Join(p.dir, "prometheus.crt"),
		"--key-file", filepath.Join(p.dir, "prometheus.key"), "--basic-auth-user=prometheus", "--basic-auth-password-file", p.passwordFile(t), metrics+"/metrics").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "0 errors") {
		t.Errorf("check: %v\n%s", err, out)
	}
}

func (p *pair) passwordFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(p.dir, "password")
	if err := os.WriteFile(file, []byte(readmePassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// The metrics can be read until the predictions have ended, and longer than
// them.
func TestMetricsCloseLast(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	program := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-release
	}))
	t.Cleanup(program.Close)
	p := servePair(t, "--upstream", program.URL)
	answered := make(chan int, 1)
	go func() {
		status, _, _ := p.send(t.Context(), http.MethodPost, "https://"+p.public+"/predict", "") // 0 tells of an error
		answered <- status
	}()
	<-entered
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// New connections to the one listener are refused, those to the other are not.
	for deadline := time.Now().Add(20 * time.Second); ; {
		if _, _, err := p.send(t.Context(), http.MethodGet, "https://"+p.public+"/ready", ""); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the public listener does not close")
		}
	}
	status, page := p.get(t, "https://"+p.metrics+"/metrics", readmePassword)
	if want := `dspy_active_predictions{service="dspy-metrics"} 1`; status != 200 || !strings.Contains(page, want) {
		t.Errorf("got status %d without %s", status, want)
	}
	close(release)
	if got := <-answered; got != 200 {
		t.Errorf("the prediction in flight got status %d", got)
	}
	rest, err := io.ReadAll(p.log)
	if err != nil || !strings.Contains(string(rest), "msg=stopped") {
		t.Errorf("%v in the log: %s", err, rest)
	}
	if err := p.command.Wait(); err != nil {
		t.Error(err)
	}
}

func TestWrongListeners(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"pprof in public": {[]string{"--pprof"}, "need --metrics-listen"},
		"file of nothing": {[]string{"--metrics-web-config-file=x.yml"}, "need --metrics-listen"},
		"no file":         {[]string{"--web-config-file=/nonexistent/web.yml"}, `--web-config-file "/nonexistent/web.yml": open`},
		"no second file":  {[]string{"--metrics-listen=127.0.0.1:0", "--metrics-web-config-file=/nonexistent/web.yml"}, `--metrics-web-config-file "/nonexistent/web.yml": open`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := command(t, nil, append([]string{"serve", "--listen=127.0.0.1:0"}, test.args...)...)
			out, _ := c.CombinedOutput() // the exit code tells
			if code := c.ProcessState.ExitCode(); code != exitUsage || !strings.Contains(string(out), test.want) {
				t.Errorf("got exit code %d, want %d with %q:\n%s", code, exitUsage, test.want, out)
			}
		})
	}
}
