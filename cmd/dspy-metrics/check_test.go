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
	"sync/atomic"
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
		"help":           {[]string{"--help"}, nil, 0, []string{"Exit codes:", "--otlp", "Warnings may be harmless"}},
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
		"no target":      {nil, nil, 2, []string{"give targets"}},
		"both":           {[]string{"--otlp=:0", "-"}, nil, 2, []string{"give targets"}},
		"input twice":    {[]string{"--twice", "-"}, nil, 2, []string{"can be read only once"}},
		"preset":         {[]string{"--buckets=dspy_api_latency_seconds=quick", "-"}, nil, 2, []string{`"quick" is not fast`}},
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

// TestCheckContracts checks against contracts of every form, several targets and
// readings.
func TestCheckContracts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const metric = "  - {name: app.jobs, brief: Jobs, instrument: counter, unit: '{job}', stability: stable, attributes: [{ref: app.kind, requirement_level: required}]}\n"
	registry := file("registry.yaml", "file_format: definition/2\nattributes:\n"+
		"  - {key: app.kind, brief: Kind, stability: stable, type: {members: [{id: a, value: a, stability: stable}, {id: b, value: b, stability: stable, deprecated: {reason: obsoleted, note: No}}]}}\n"+
		"metrics:\n"+metric+"  - {name: app.size, brief: Size, instrument: gauge, unit: By, stability: development}\n")
	good := file("good.txt", "# HELP app_jobs_total Jobs.\n# TYPE app_jobs_total counter\napp_jobs_total{app_kind=\"a\"} 1\n# HELP app_size_bytes Size\n# TYPE app_size_bytes gauge\napp_size_bytes 2\n")
	short := file("short.txt", "# HELP app_jobs_total Jobs\n# TYPE app_jobs_total counter\napp_jobs_total{app_kind=\"b\"} 1\n")
	plain := file("plain.txt", "# HELP app_jobs Jobs\n# TYPE app_jobs counter\napp_jobs{app_kind=\"a\"} 1\n# HELP app_size Size\n# TYPE app_size gauge\napp_size 2\n")
	utf8 := file("utf8.txt", "# HELP \"app.jobs\" Jobs\n# TYPE \"app.jobs\" counter\n{\"app.jobs\",\"app.kind\"=\"a\"} 1\n# HELP \"app.size\" Size\n# TYPE \"app.size\" gauge\n{\"app.size\"} 2\n")
	gauge := file("gauge.txt", "# HELP app_jobs_total Jobs\n# TYPE app_jobs_total gauge\napp_jobs_total{app_kind=\"a\"} 1\n")
	targets := file("targets", "# the instances\n"+good+"\n\n"+short+"\n")
	broken := file("broken.yaml", strings.Replace("file_format: definition/2\nmetrics:\n"+metric, "instrument", "instrumet", 1))
	var readings atomic.Int32
	changing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		if readings.Add(1) == 1 {
			_, _ = io.WriteString(w, "# HELP app_size_bytes Size\n# TYPE app_size_bytes gauge\napp_size_bytes 2\n")
			return
		}
		_, _ = io.WriteString(w, "# HELP app_jobs_total Jobs\n# TYPE app_jobs_total counter\napp_jobs_total{app_kind=\"a\"} 1\n")
	}))
	t.Cleanup(changing.Close)
	for name, test := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"registry":          {[]string{"--contract", registry, "--strict", good}, 0, []string{"2 samples of registry.yaml", "clean, 1 note", "not-stable"}},
		"other strategy":    {[]string{"--contract", registry, "--strict", plain}, 0, []string{"clean"}},
		"names in UTF-8":    {[]string{"--contract", registry, "--strict", utf8}, 0, []string{"clean"}},
		"strategy is named": {[]string{"--contract", registry, "--translation=NoTranslation", good}, 0, []string{"missing-metric"}},
		"deprecated":        {[]string{"--contract", registry, short}, 0, []string{"deprecated", `value "b"`}},
		"fails on a note":   {[]string{"--contract", registry, "--fail-on=info", good}, 1, []string{"1 note"}},
		"never fails":       {[]string{"--contract", registry, "--fail-on=never", gauge}, 0, []string{"wrong-type"}},
		"coverage":          {[]string{"--contract", registry, "--coverage", short}, 0, []string{"50.0 % of the metrics", "app_size_bytes  recommended  no"}},
		"too little":        {[]string{"--contract", registry, "--min-coverage=60", short}, 1, []string{"50.0 % of the metrics were seen, less than --min-coverage 60"}},
		"enough together":   {[]string{"--contract", registry, "--min-coverage=100", "@" + targets}, 0, []string{"good.txt", "short.txt"}},
		"pattern":           {[]string{"--contract", registry, filepath.Join(dir, "[gs]*o*.txt")}, 0, []string{"good.txt", "short.txt"}},
		"disagreement":      {[]string{"--contract=none", good, gauge}, 1, []string{"all targets", `disagree on the type: "counter"`}},
		"over time":         {[]string{"--contract", registry, "--min-coverage=100", "--for=20ms", "--interval=10ms", changing.URL}, 0, []string{"in 3 readings"}},
		"namespace":         {[]string{"--contract", registry, "--namespace=app", "--namespace=other", file("more.txt", "app_more 1\n")}, 1, []string{"unknown-metric"}},
		"no contract":       {[]string{"--contract=none", good}, 0, []string{"good.txt: 2 samples as text: clean"}},
		"only the contract": {[]string{"--contract", registry, "--only-contract", file("foreign.txt", "# TYPE x counter\nx -1\n")}, 0, []string{"missing-metric"}},
		"json":              {[]string{"--contract", registry, "--format=json", good}, 0, []string{`"percent": 100`, `"metric": "app_jobs_total"`, `"seen": true`}},
		"notice for GitHub": {[]string{"--contract", registry, "--format=github", good}, 0, []string{"::notice title=not-stable"}},
		"broken registry":   {[]string{"--contract", broken, good}, 2, []string{"broken.yaml:3:", `unknown field "instrumet": did you mean "instrument"?`}},
		"no registry":       {[]string{"--contract", dir + "/none", good}, 2, []string{"no such file"}},
		"no such pattern":   {[]string{dir + "/*.nothing"}, 2, []string{"no file matches the pattern"}},
		"empty list":        {[]string{"@" + file("empty", "# none\n")}, 2, []string{"the list contains no targets"}},
		"wrong coverage":    {[]string{"--min-coverage=101", good}, 2, []string{"--min-coverage must be a percentage"}},
		"twice and for":     {[]string{"--twice", "--for=1s", good}, 2, []string{"exclude each other"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, test.code, test.want, append([]string{"check"}, test.args...)...)
		})
	}
}

// expect runs the command and looks at its exit code and what it writes.
func expect(t *testing.T, code int, want []string, args ...string) {
	t.Helper()
	c := command(t, nil, args...)
	out, err := c.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != code {
		t.Errorf("got exit code %d, want %d", got, code)
	}
	for _, text := range want {
		if !strings.Contains(string(out), text) {
			t.Errorf("no %q in the output", text)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
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
