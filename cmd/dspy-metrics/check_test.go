package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	clean, err := os.ReadFile("../../otelmetrics/testdata/exposition.txt")
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.txt")
	if err := os.WriteFile(broken, bytes.Replace(clean, []byte("dspy_errors_total counter"), []byte("dspy_errors_total gauge"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	unmeasured := bytes.ReplaceAll(clean, []byte("dspy_cache_size_bytes"), []byte("somebody_elses"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(clean)
	}))
	t.Cleanup(server.Close)
	tests := map[string]struct {
		args  []string
		stdin []byte
		code  int
		want  []string
	}{
		"help":           {[]string{"--help"}, nil, 0, []string{"Exit codes:", "--otlp", "Warnings may be well"}},
		"URL":            {[]string{server.URL}, nil, 0, []string{"clean"}},
		"URL twice":      {[]string{"--twice", "--interval=1ms", server.URL}, nil, 0, []string{"clean"}},
		"standard input": {[]string{"-"}, clean, 0, []string{"standard input", "clean"}},
		"finding":        {[]string{broken}, nil, 1, []string{"wrong-type", "type is gauge, want counter", "1 error, 0 warnings"}},
		"json":           {[]string{"--format=json", broken}, nil, 1, []string{`"rule": "wrong-type"`}},
		"junit":          {[]string{"--format=junit", broken}, nil, 1, []string{"<testsuites>", "wrong-type"}},
		"github":         {[]string{"--format=github", broken}, nil, 1, []string{"::error title=wrong-type,file="}},
		"warning":        {[]string{"-"}, unmeasured, 0, []string{"missing-metric"}},
		"strict":         {[]string{"--strict", "-"}, unmeasured, 1, []string{"missing-metric"}},
		"buckets":        {[]string{"--buckets=dspy_api_latency_seconds=1,5", "-"}, clean, 1, []string{"extra-bucket"}},
		"no file":        {[]string{broken + "x", broken}, nil, 1, []string{"no such file", "wrong-type", "could not check 1 of 2"}},
		"no files":       {[]string{broken + "x", broken + "y"}, nil, 2, []string{"could not check 2 of 2"}},
		"too large":      {[]string{"--max-bytes=10", broken}, nil, 2, []string{"more than 10 bytes"}},
		"nothing sent":   {[]string{"--otlp=127.0.0.1:0", "--for=10ms"}, nil, 2, []string{"no OTLP metrics arrived"}},
		"no target":      {nil, nil, 2, []string{"want either targets"}},
		"both":           {[]string{"--otlp=:0", "-"}, nil, 2, []string{"want either targets"}},
		"input twice":    {[]string{"--twice", "-"}, nil, 2, []string{"can be read once"}},
		"preset":         {[]string{"--buckets=dspy_api_latency_seconds=quick", "-"}, nil, 2, []string{`"quick" is neither`}},
		"no histogram":   {[]string{"--buckets=dspy_errors_total=fast", "-"}, nil, 2, []string{"no such histogram"}},
		"wrong time":     {[]string{"--timeout=0s", "-"}, nil, 2, []string{"--timeout must be positive"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := command(t, nil, append([]string{"check"}, test.args...)...)
			c.Stdin = bytes.NewReader(test.stdin)
			out, err := c.CombinedOutput()
			if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
				t.Fatal(err)
			}
			if got := c.ProcessState.ExitCode(); got != test.code {
				t.Errorf("got exit code %d, want %d", got, test.code)
			}
			for _, want := range test.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %q in the output:\n%s", want, out)
				}
			}
		})
	}
}

// TestCheckServe checks the service itself, over HTTP in both formats and
// pushed by OTLP.
func TestCheckServe(t *testing.T) {
	t.Parallel()
	receiver := command(t, nil, "check", "--otlp=127.0.0.1:0", "--for=1m")
	address, rest := began(t, receiver, "listening for OTLP at ")
	service := command(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + address, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"},
		"serve", "--listen=127.0.0.1:0", "--drain-delay=1ms")
	listening, log := began(t, service, "addr=")
	go func() { _, _ = io.Copy(io.Discard, log) }()
	for _, exposition := range []string{"text", "openmetrics"} {
		c := command(t, nil, "check", "--twice", "--interval=1ms", "--exposition", exposition, "http://"+listening+"/metrics")
		if out, err := c.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("as "+exposition+": 0 errors")) {
			t.Errorf("%s: %v\n%s", exposition, err, out)
		}
	}
	// The service pushes when it ends, and the receiver reports when it is told.
	if err := errors.Join(service.Process.Signal(os.Interrupt), service.Wait(), receiver.Process.Signal(os.Interrupt)); err != nil {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, rest)
	if err := receiver.Wait(); err != nil {
		t.Errorf("OTLP: %v: %s", err, receiver.Stdout)
	}
	if out, ok := receiver.Stdout.(*bytes.Buffer); !ok || !strings.Contains(out.String(), "as otlp: 0 errors") {
		t.Errorf("OTLP: got %s", receiver.Stdout)
	}
}

// began starts the command and returns the word of its log behind the mark.
func began(t *testing.T, c *exec.Cmd, mark string) (string, io.Reader) {
	t.Helper()
	c.Stdout = new(bytes.Buffer)
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var log []byte
	for one := make([]byte, 1); ; {
		if _, err := stderr.Read(one); err != nil {
			t.Fatalf("%v in the log: %s", err, log)
		}
		log = append(log, one...)
		if _, after, ok := bytes.Cut(log, []byte(mark)); ok && (one[0] == ' ' || one[0] == '\n') && len(after) > 1 {
			return strings.TrimSpace(string(after)), stderr
		}
	}
}
