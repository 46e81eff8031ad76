package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is the command when it is started with this variable.
const asCommand = "DSPY_METRICS_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

func command(t *testing.T, environment []string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Env = append(append(os.Environ(), asCommand+"=1"), environment...)
	return c
}

func TestUsage(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	prices := filepath.Join(t.TempDir(), "prices.json")
	if err := os.WriteFile(prices, []byte(`{"gpt-4o": {"output_cost_per_token": -1}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		environment, args []string
		code              int
		want              []string
	}{
		"help":           {nil, []string{"--help"}, 0, []string{"serve", "--version"}},
		"help of serve":  {nil, []string{"serve", "--help"}, 0, []string{"--max-concurrency", "$DSPY_METRICS_LISTEN", "Examples:", "Exit codes"}},
		"version":        {nil, []string{"--version"}, 0, nil},
		"unknown flag":   {nil, []string{"--nope"}, 2, []string{"--nope", "see dspy-metrics --help"}},
		"wrong values":   {nil, []string{"--timeout=-1s", "--silence-timeout=-1s", "--max-concurrency=0", "--drain-delay=-1s", "--idle-timeout=-1s"}, 2, []string{"--idle-timeout must not be negative", "--timeout must not be negative", "--silence-timeout must not be negative", "--max-concurrency must be positive", "--drain-delay"}},
		"wrong variable": {[]string{"DSPY_METRICS_MAX_BODY_BYTES=lots"}, nil, 2, []string{"lots"}},
		"wrong OpenTelemetry variables": {
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=nowhere", "OTEL_EXPORTER_OTLP_PROTOCOL=smtp"},
			[]string{"--listen=127.0.0.1:0"},
			2,
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"},
		},
		"unknown generation": {nil, []string{"--genai=latest"}, 2, []string{"--genai", "released", `"latest"`}},
		"wrong prices":       {nil, []string{"--listen=127.0.0.1:0", "--upstream=http://127.0.0.1:1", "--prices", prices}, 2, []string{"--prices", prices, `"gpt-4o"`, "output_cost_per_token", "-1"}},
		"no prices":          {[]string{"DSPY_METRICS_PRICES=/none.json"}, []string{"--listen=127.0.0.1:0", "--upstream=http://127.0.0.1:1"}, 2, []string{"--prices", "/none.json"}},
		"prices of nothing":  {nil, []string{"--prices", prices}, 2, []string{"--prices needs --upstream"}},
		"port taken":         {nil, []string{"--listen", taken.Addr().String()}, 1, []string{taken.Addr().String(), "in use"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := command(t, test.environment, test.args...)
			out, err := c.CombinedOutput()
			code := 0
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != test.code {
				t.Errorf("got exit code %d, want %d", code, test.code)
			}
			for _, want := range test.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %q in the output:\n%s", want, out)
				}
			}
		})
	}
}

func TestServesUntilSIGTERM(t *testing.T) {
	t.Parallel()
	c := command(t, []string{"DSPY_METRICS_SERVICE=qa", "DSPY_METRICS_DRAIN_DELAY=10ms"}, "serve", "--listen=127.0.0.1:0", "--log-format=text")
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	var log bytes.Buffer
	address := ""
	for address == "" && lines.Scan() {
		log.WriteString(lines.Text() + "\n")
		if _, after, ok := strings.Cut(lines.Text(), "addr="); ok {
			address, _, _ = strings.Cut(after, " ")
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		t.Fatalf("%v; log:\n%s", err, &log)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var page bytes.Buffer
	if _, err := page.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`dspy_active_predictions{service="qa"} 0`, "go_goroutines ", "process_start_time_seconds "} {
		if !strings.Contains(page.String(), "\n"+want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		log.WriteString(lines.Text() + "\n")
	}
	if err := c.Wait(); err != nil {
		t.Errorf("exit after SIGTERM: %v", err)
	}
	for _, want := range []string{"msg=draining", "msg=stopped"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in the log:\n%s", want, &log)
		}
	}
}
