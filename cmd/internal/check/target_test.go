package check_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/check"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

const megabyte = 1 << 20

func reader(t testing.TB, h check.HTTP) *check.Reader {
	t.Helper()
	client, err := h.Client()
	if err != nil {
		t.Fatal(err)
	}
	return &check.Reader{Client: client, Timeout: 20 * time.Second, MaxBytes: megabyte}
}

func gzipped(t testing.TB, from io.Reader) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.Copy(w, from); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// endless is a page without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte("go_x 1\n"), len(p)/7+1)), nil
}

func TestTargetsThatAreRead(t *testing.T) {
	t.Parallel()
	text, om := page(t, conformance.Text), page(t, conformance.OpenMetrics)
	tests := map[string]struct {
		handler http.HandlerFunc
		want    conformance.Format
	}{
		"text": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			_, _ = io.WriteString(w, text)
		}, conformance.Text},
		"OpenMetrics": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0")
			_, _ = io.WriteString(w, om)
		}, conformance.OpenMetrics},
		"gzip": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(gzipped(t, strings.NewReader(text)))
		}, conformance.Text},
		"redirect": {func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/metrics" {
				http.Redirect(w, req, "/there", http.StatusFound)
				return
			}
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, text)
		}, conformance.Text},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.handler)
			t.Cleanup(server.Close)
			got, err := reader(t, check.HTTP{}).Read(t.Context(), server.URL+"/metrics")
			if err != nil {
				t.Fatal(err)
			}
			if findings := checker().Check(got); got.Format != test.want || len(findings) > 0 {
				t.Errorf("got %s, %+v", got.Format, findings)
			}
		})
	}
}

func TestTargetsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(elsewhere.Close)
	bomb := gzipped(t, io.LimitReader(endless{}, 100*megabyte))
	tests := map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"status":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "status 500"},
		"no credentials": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, "--bearer-token-file"},
		"a web page":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, `content type "text/html`},
		"empty":          {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/plain") }, "empty"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "dspy_x 1\n")
		}, "cut off after 9 bytes"},
		"100 MB": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.Copy(w, io.LimitReader(endless{}, 100*megabyte))
		}, "more than 1048576 bytes"},
		"gzip bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		}, "more than 1048576 bytes"},
		"other encoding": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "x")
		}, `content encoding "br"`},
		"redirect loop": {func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, req.URL.String(), http.StatusFound)
		}, "more than 3 redirects"},
		"redirect to another server": {func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, elsewhere.URL, http.StatusFound) }, "redirected to another server"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.handler)
			t.Cleanup(server.Close)
			target := strings.Replace(server.URL, "http://", "http://user:hunter2@", 1) + "/metrics?token=hunter2"
			_, err := reader(t, check.HTTP{Headers: []string{"X-Key: hunter2"}}).Read(t.Context(), target)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if shown := check.Display(target) + err.Error(); strings.Contains(shown, "hunter2") {
				t.Errorf("a secret shows: %s", shown)
			}
		})
	}
}

// TestHang has one server that accepts and says nothing, and one that never
// ends its answer.
func TestHang(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]bool{"no answer": false, "half an answer": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if begin {
					w.Header().Set("Content-Type", "text/plain")
					_, _ = io.WriteString(w, "dspy_x 1\n")
					_ = http.NewResponseController(w).Flush()
				}
				<-req.Context().Done()
			}))
			t.Cleanup(server.Close)
			r := reader(t, check.HTTP{})
			r.Timeout = 100 * time.Millisecond
			_, err := r.Read(t.Context(), server.URL)
			if err == nil || !strings.Contains(err.Error(), "no complete answer within 100ms") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("standard input", func(t *testing.T) {
		t.Parallel()
		in, out := io.Pipe()
		t.Cleanup(func() { _ = out.Close() })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := reader(t, check.HTTP{})
		r.Stdin = in
		if _, err := r.Read(ctx, "-"); err == nil {
			t.Error("got no error")
		}
	})
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain, packed := filepath.Join(dir, "page.txt"), filepath.Join(dir, "page.gz")
	for file, content := range map[string][]byte{plain: []byte(page(t, conformance.OpenMetrics)), packed: gzipped(t, strings.NewReader(page(t, conformance.Text)))} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]conformance.Format{plain: conformance.OpenMetrics, packed: conformance.Text} {
		got, err := reader(t, check.HTTP{}).Read(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		if got.Format != want || got.Series() < 100 {
			t.Errorf("%s: got %s with %d series", file, got.Format, got.Series())
		}
	}
	if _, err := reader(t, check.HTTP{}).Read(t.Context(), filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("a file that is not there: got %v", err)
	}
}

func TestProtectedTargets(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		user, password, _ := req.BasicAuth()
		if user+password != "anna"+"hunter2" && req.Header.Get("Authorization") != "Bearer hunter2" && req.Header.Get("X-Key") != "hunter2" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, page(t, conformance.Text))
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	secret, ca := filepath.Join(dir, "secret"), filepath.Join(dir, "ca.pem")
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for file, content := range map[string][]byte{secret: []byte("hunter2\n"), ca: authority} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		http check.HTTP
		want string // of the error, empty for none
	}{
		"basic":        {check.HTTP{CAFile: ca, User: "anna", PasswordFile: secret}, ""},
		"bearer":       {check.HTTP{CAFile: ca, BearerTokenFile: secret}, ""},
		"header":       {check.HTTP{CAFile: ca, Headers: []string{"X-Key: hunter2"}}, ""},
		"insecure":     {check.HTTP{Insecure: true, BearerTokenFile: secret}, ""},
		"no authority": {check.HTTP{BearerTokenFile: secret}, "certificate"},
		"no secret":    {check.HTTP{CAFile: ca}, "status 401"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := reader(t, test.http).Read(t.Context(), server.URL)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	for name, test := range map[string]struct {
		http check.HTTP
		want string
	}{
		"header":       {check.HTTP{Headers: []string{"hunter2"}}, `expected "Name: value"`},
		"both":         {check.HTTP{User: "anna", BearerTokenFile: secret}, "exclude each other"},
		"no user":      {check.HTTP{PasswordFile: secret}, "needs --basic-auth-user"},
		"authority":    {check.HTTP{CAFile: secret}, "contains no certificate"},
		"half a pair":  {check.HTTP{CertFile: ca}, "must be set together"},
		"no such file": {check.HTTP{BearerTokenFile: filepath.Join(dir, "none")}, "none"},
	} {
		if _, err := test.http.Client(); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}
