package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer key" || requests.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	tests := map[string]struct {
		args []string
		code int
		want []string
	}{
		"help":             {[]string{"--help"}, 0, []string{"$DSPY_METRICS_LOAD_RATE", "Examples:", "Exit codes"}},
		"half succeeds":    {[]string{server.URL, "--rate=1000", "--duration=20ms", "--concurrency=1000", "-H", "Authorization: Bearer key"}, 0, []string{"requests       20 ", "succeeded      10 ", "http_500  10\n"}},
		"too few":          {[]string{server.URL, "--rate=1000", "--duration=20ms", "--expect-success=0.9"}, 1, []string{"the success ratio is 0.0000, less than --expect-success 0.9"}},
		"target down":      {[]string{"http://" + closed.Addr().String(), "--rate=1000", "--duration=0"}, 1, []string{"nothing could be sent", "refused"}},
		"wrong shares":     {[]string{"--failures=0.6", "--repeats=0.6", "--streams=2", "--rate=-1"}, 2, []string{"the sum of --failures and --repeats", "--streams must be between 0 and 1", "--rate must be"}},
		"not a number":     {[]string{"--failures=NaN"}, 2, []string{"--failures must be between 0 and 1"}},
		"wrong weight":     {[]string{"--types=cot"}, 2, []string{`"cot" is not VALUE=WEIGHT`}},
		"wrong URL":        {[]string{"localhost:3000"}, 2, []string{`"localhost:3000"`}},
		"wrong header":     {[]string{"-H", "nothing"}, 2, []string{`--header must have the form "Name: value"`}},
		"useless fault":    {[]string{"--fault=429=1"}, 2, []string{"--fault needs --failures"}},
		"questions absent": {[]string{"--questions=/nonexistent/questions"}, 2, []string{"/nonexistent/questions"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if name == "half succeeds" || name == "too few" {
				requests.Store(0)
			} else {
				t.Parallel()
			}
			out, err := command(t, nil, append([]string{"load"}, test.args...)...).CombinedOutput()
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

func TestLoadUntilSIGINT(t *testing.T) {
	t.Parallel()
	var answered atomic.Int64
	enough := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if answered.Add(1) == 20 {
			close(enough)
		}
	}))
	t.Cleanup(server.Close)
	c := command(t, []string{"DSPY_METRICS_LOAD_FORMAT=json"}, "load", server.URL, "--duration=0", "--rate=500", "--quiet")
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-enough:
	case <-t.Context().Done():
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("exit after SIGINT: %v", err)
	}
	var summary struct {
		Requests, Succeeded int64
		Interrupted         bool
	}
	if err := json.Unmarshal(stdout.Bytes(), &summary); err != nil {
		t.Fatalf("%v in:\n%s", err, &stdout)
	}
	if got := answered.Load(); !summary.Interrupted || summary.Requests != got || summary.Succeeded != got {
		t.Errorf("got %+v, want interrupted after the %d requests that were answered", summary, got)
	}
	if stderr.Len() > 0 {
		t.Errorf("--quiet, but on standard error:\n%s", &stderr)
	}
}
