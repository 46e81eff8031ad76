package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/dspy-metrics/dspy-metrics/internal/testio"
)

// secrets are planted, each one different, and looked for in what comes out.
type secrets struct {
	testio.Buffer // what comes out

	mu      sync.Mutex
	planted map[string]string // by where they were planted
}

func (s *secrets) plant(where string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.planted == nil {
		s.planted = make(map[string]string)
	}
	secret := fmt.Sprintf("s3cret%dx", len(s.planted))
	s.planted[where] = secret
	return secret
}

// await returns what the group of the pattern matches, once it does.
func (s *secrets) await(t *testing.T, pattern string) string {
	t.Helper()
	compiled := regexp.MustCompile(pattern)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if found := compiled.FindStringSubmatch(s.String()); found != nil {
			return found[1]
		}
	}
	t.Fatalf("no %s came out:\n%s", pattern, s.String())
	return ""
}

// look fails the test for each secret that came out.
func (s *secrets) look(t *testing.T) {
	t.Helper()
	out := s.String()
	for where, secret := range s.planted {
		if i := strings.Index(out, secret); i >= 0 {
			t.Errorf("the secret of %s came out: …%s…", where, out[max(0, i-200):min(len(out), i+100)])
		}
	}
}

// neighbors are what the service talks to, all of them unfriendly.
type neighbors struct{ redis, upstream, collector string }

func allNeighbors(t *testing.T) map[string]neighbors {
	t.Helper()
	redis := miniredis.RunT(t)
	redis.RequireAuth("another")
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(refusing.Close)
	breaking := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(breaking.Close)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	listener.Close()
	address := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	return map[string]neighbors{
		"unreachable": {closed, closed, closed},
		"refusing":    {redis.Addr(), address(refusing), address(refusing)},
		"breaking":    {address(breaking), address(breaking), address(breaking)},
	}
}

// TestServeKeepsSecrets lets everything fail that the service has a password for,
// and reads its log, its pages and its answers.
func TestServeKeepsSecrets(t *testing.T) {
	t.Parallel()
	for name, n := range allNeighbors(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s secrets
			config := filepath.Join(t.TempDir(), "web.yml")
			if err := os.WriteFile(config, []byte("basic_auth_users: {prometheus: $2a$10$vaB7JHY4zYZuMzVPjaGVWuA/tfuhYbCI7n9UGUlRy6aDFcKaLnJqa}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			s.planted = map[string]string{"web config": "vaB7JHY4zYZuMzVPjaGVW", "password": readmePassword}
			c := command(t, []string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=http://me:" + s.plant("OTLP endpoint") + "@" + n.collector,
				"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20" + s.plant("OTLP headers"),
				"OTEL_EXPORTER_OTLP_TIMEOUT=50", "OTEL_METRIC_EXPORT_INTERVAL=50",
				"DSPY_METRICS_UPSTREAM=http://me:" + s.plant("upstream") + "@" + n.upstream,
			}, "serve", "--listen=127.0.0.1:0", "--log-level=debug", "--cache", "redis://me:"+s.plant("cache")+"@"+n.redis, "--drain-delay=1ms",
				"--metrics-listen=127.0.0.1:0", "--metrics-web-config-file", config, "--pprof")
			c.Stdout, c.Stderr = &s, &s
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			public, metrics := s.await(t, `msg=listening addr=(\S+) `), s.await(t, `"listening for scrapes" addr=(\S+) `)
			ask := func(method, url, authorization string) {
				request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(`{"inputs":{"question":"?"}}`))
				if err != nil {
					t.Fatal(err)
				}
				request.Header.Set("Authorization", authorization)
				request.Header.Set("Cookie", "session="+s.plant("cookie "+url))
				request.Header.Set("X-Api-Key", s.plant("API key "+url))
				if authorization == "" {
					request.SetBasicAuth("prometheus", readmePassword)
				}
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatalf("%v; what came out:\n%s", err, s.String())
				}
				defer response.Body.Close()
				if err := response.Header.Write(&s); err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(&s, response.Body); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				ask("POST", "http://"+public+"/predict?token="+s.plant("query"), "Bearer "+s.plant("authorization"))
			}
			ask("PUT", "http://"+public+"/"+s.plant("path"), "Bearer "+s.plant("authorization of nothing"))
			ask("GET", "http://"+public+"/", "Bearer "+s.plant("authorization of the page"))
			ask("GET", "http://"+metrics+"/metrics", "Basic "+s.plant("wrong password"))
			s.await(t, "(redis is unavailable)")
			s.await(t, "(otlp push fails)")
			ask("GET", "http://"+metrics+"/metrics", "")
			ask("GET", "http://"+metrics+"/", "")
			ask("GET", "http://"+metrics+"/debug/pprof/cmdline", "")
			ask("GET", "http://"+metrics+"/debug/pprof/goroutine?debug=2", "")
			if err := c.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			_ = c.Wait() // its code is not the matter
			for _, want := range []string{"msg=stopped", `error_type="unauthorized",service="dspy-metrics"} 1`, "client rejected"} {
				if !strings.Contains(s.String(), want) {
					t.Errorf("no %q in what came out:\n%s", want, s.String())
				}
			}
			s.look(t)
		})
	}
}

// TestMistakesKeepSecrets has mistakes around secrets, in flags and variables,
// and everything that can be read of a command with right ones.
func TestMistakesKeepSecrets(t *testing.T) {
	t.Parallel()
	n := allNeighbors(t)["unreachable"]
	dir := t.TempDir()
	file := func(name, content string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, test := range map[string]struct {
		environment string // SECRET stands for one
		args        []string
		code        int
	}{
		"help":                  {"DSPY_METRICS_UPSTREAM=http://me:SECRET@host", []string{"serve", "--help"}, 0},
		"help of load":          {"DSPY_METRICS_LOAD_HEADER=Authorization: SECRET", []string{"load", "--help"}, 0},
		"cache":                 {"", []string{"serve", "--cache=redis://me:SECRET@host:port"}, 2},
		"cache, slash":          {"DSPY_METRICS_CACHE=redis://me:12/SECRET@host:6379", []string{"serve"}, 2},
		"cache, no scheme":      {"", []string{"serve", "--cache=me:SECRET@host"}, 2},
		"cache, no flag":        {"", []string{"serve", "redis://me:SECRET@host"}, 2},
		"cache, wrong flag":     {"", []string{"serve", "--cach=redis://me:SECRET@host"}, 2},
		"upstream":              {"", []string{"serve", "--listen=127.0.0.1:0", "--upstream=ftp://me:SECRET@host"}, 2},
		"upstream, no scheme":   {"DSPY_METRICS_UPSTREAM=me:SECRET@host:80", []string{"serve", "--listen=127.0.0.1:0"}, 2},
		"upstream, one slash":   {"", []string{"serve", "--listen=127.0.0.1:0", "--upstream=http:/me:SECRET@host"}, 2},
		"OTLP endpoint":         {"OTEL_EXPORTER_OTLP_ENDPOINT=me:SECRET@host:4317", []string{"serve", "--listen=127.0.0.1:0"}, 2},
		"OTLP headers":          {"OTEL_EXPORTER_OTLP_HEADERS=SECRET", []string{"serve", "--listen=127.0.0.1:0"}, 2},
		"web config":            {"", []string{"serve", "--listen=127.0.0.1:0", "--web-config-file", file("web.yml", "basic_auth_users: SECRET")}, 2},
		"web config, plain":     {"", []string{"serve", "--listen=127.0.0.1:0", "--web-config-file", file("plain.yml", "basic_auth_users: {me: SECRET}")}, 2},
		"web config, key":       {"", []string{"serve", "--listen=127.0.0.1:0", "--web-config-file", file("key.yml", "tls_server_config: {cert: SECRET, key: SECRET}")}, 2},
		"check":                 {"", []string{"check", "--header=Authorization: Bearer SECRET", "http://me:SECRET@" + n.upstream + "/metrics?token=SECRET"}, 2},
		"check, header":         {"", []string{"check", "--header=SECRET", "http://" + n.upstream}, 2},
		"check, scheme":         {"", []string{"check", "htp://me:SECRET@" + n.upstream}, 2},
		"check, one slash":      {"", []string{"check", "http:/me:SECRET@" + n.upstream}, 2},
		"check, not a URL":      {"", []string{"check", "http://me:SECRET@host:port/"}, 2},
		"check, token":          {"", []string{"check", "--bearer-token-file", file("token", "SECRET"), "http://" + n.upstream}, 2},
		"check, broken token":   {"", []string{"check", "--bearer-token-file", file("tokens", "SECRET\nSECRET"), "http://" + n.upstream}, 2},
		"check, password":       {"", []string{"check", "--basic-auth-user=me", "--basic-auth-password-file", file("password", "SECRET"), "--format=junit", "http://" + n.upstream}, 2},
		"health":                {"", []string{"health", "http://me:SECRET@" + n.upstream}, 1},
		"health, no scheme":     {"", []string{"health", "me:SECRET@" + n.upstream}, 2},
		"health, web config":    {"", []string{"health", "--web-config-file", file("health.yml", "basic_auth_users: SECRET")}, 2},
		"load":                  {"", []string{"load", "--rate=100", "--duration=1s", "-H", "Authorization: SECRET", "http://me:SECRET@" + n.upstream}, 1},
		"load, header":          {"DSPY_METRICS_LOAD_HEADER=SECRET", []string{"load"}, 2},
		"load, URL":             {"DSPY_METRICS_LOAD_URL=me:SECRET@host", []string{"load"}, 2},
		"load, URL with a path": {"", []string{"load", "http://me:12/SECRET@host", "--duration=-1s"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s secrets
			secret := s.plant(name)
			for i, arg := range test.args {
				test.args[i] = strings.ReplaceAll(arg, "SECRET", secret)
				if content, err := os.ReadFile(arg); err == nil {
					file(filepath.Base(arg), strings.ReplaceAll(string(content), "SECRET", secret))
				}
			}
			c := command(t, []string{strings.ReplaceAll(test.environment, "SECRET", secret)}, test.args...)
			c.Stdout, c.Stderr = &s, &s
			_ = c.Run() // the exit code tells
			if got := c.ProcessState.ExitCode(); got != test.code || s.String() == "" {
				t.Errorf("got exit code %d, want %d:\n%s", got, test.code, s.String())
			}
			s.look(t)
		})
	}
}
