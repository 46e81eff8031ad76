package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ready":
		case "/draining":
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"status":"draining"}`)
		case "/elsewhere":
			http.Redirect(w, r, "/ready", http.StatusFound)
		case "/hangs":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	_, refused, err := net.SplitHostPort(closed.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		environment, args []string
		code              int
		want              string
	}{
		"help":            {nil, []string{"--help"}, 0, "Examples:"},
		"variable":        {[]string{"DSPY_METRICS_LISTEN=" + address}, nil, 0, "http://" + address + "/ready: 200 OK"},
		"all interfaces":  {[]string{"DSPY_METRICS_LISTEN=:" + port}, nil, 0, "http://127.0.0.1:" + port + "/ready"},
		"unspecified":     {nil, []string{"--listen=0.0.0.0:" + port}, 0, "http://127.0.0.1:" + port + "/ready"},
		"path":            {[]string{"DSPY_METRICS_LISTEN=" + address}, []string{"/draining"}, 1, "503 Service Unavailable: `{\"status\":\"draining\"}`"},
		"URL":             {nil, []string{server.URL}, 0, server.URL + "/ready: 200 OK"},
		"URL with path":   {nil, []string{server.URL + "/nothing"}, 1, "/nothing: 404 Not Found"},
		"no proxy":        {[]string{"HTTP_PROXY=" + server.URL}, []string{"http://0.0.0.0:" + refused}, 1, "connection refused"},
		"redirect":        {nil, []string{server.URL + "/elsewhere"}, 1, "302 Found"},
		"hangs":           {nil, []string{"--timeout=50ms", server.URL + "/hangs"}, 1, "/hangs: no answer within 50ms"},
		"nobody there":    {nil, []string{closed.URL}, 1, closed.URL + "/ready: dial tcp"},
		"password":        {nil, []string{"http://user:secret@" + closed.Listener.Addr().String()}, 1, "http://user:xxxxx@"},
		"neither":         {nil, []string{"localhost:3000"}, 2, `"localhost:3000" is neither a path such as /ready nor a URL`},
		"relative":        {nil, []string{"ready"}, 2, `"ready" is neither a path`},
		"no port":         {nil, []string{"--listen=localhost"}, 2, `--listen "localhost": address localhost: missing port`},
		"unknown port":    {nil, []string{"--listen=:nothing"}, 2, `--listen ":nothing"`},
		"port of a start": {[]string{"DSPY_METRICS_LISTEN=:0"}, nil, 2, "port 0 is a different port at each start"},
		"no time":         {nil, []string{"--timeout=0s"}, 2, "--timeout must be positive"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := command(t, test.environment, append([]string{"health"}, test.args...)...)
			out, err := c.CombinedOutput()
			if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
				t.Fatal(err)
			}
			if got := c.ProcessState.ExitCode(); got != test.code {
				t.Errorf("got exit code %d, want %d", got, test.code)
			}
			if !strings.Contains(string(out), test.want) || strings.Contains(string(out), "secret") {
				t.Errorf("got %q, want %q in it and no password", out, test.want)
			}
		})
	}
}

// TestHealthOfServe asks the service itself until it is gone.
func TestHealthOfServe(t *testing.T) {
	t.Parallel()
	service := command(t, nil, "serve", "--listen=127.0.0.1:0", "--drain-delay=5s")
	listening, log := began(t, service, "addr=")
	ask := func(want string) {
		t.Helper()
		out, err := command(t, []string{"DSPY_METRICS_LISTEN=" + listening}, "health").CombinedOutput()
		if !strings.Contains(string(out), want) || (err == nil) != (want == "200 OK") {
			t.Errorf("got %q, %v, want %q", out, err, want)
		}
	}
	ask("200 OK")
	if err := service.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for seen, one := "", make([]byte, 256); !strings.Contains(seen, "msg=draining"); {
		n, err := log.Read(one)
		if err != nil {
			t.Fatal(err)
		}
		seen += string(one[:n])
	}
	ask("draining")
	if err := service.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = service.Wait() // killed
	ask("connection refused")
}
