package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// exporter is somebody else's program, and what check says of its page.
type exporter struct {
	program string
	// args are its arguments at an address, with a folder of its own.
	args func(t *testing.T, address, dir string) []string
	// dependency is started before it, and its address is the folder's place.
	dependency func(t *testing.T) (address string)
	// broken is a part of what check finds wrong with the page, which promtool
	// refuses then too.
	broken string
}

func exporters() map[string]exporter {
	simple := func(flag string, more ...string) func(*testing.T, string, string) []string {
		return func(_ *testing.T, address, _ string) []string { return append([]string{flag + "=" + address}, more...) }
	}
	written := func(content string, args func(address, file string) []string) func(*testing.T, string, string) []string {
		return func(t *testing.T, address, dir string) []string {
			file := filepath.Join(dir, "config.yml")
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			return args(address, file)
		}
	}
	victoria := func(more ...string) func(*testing.T, string, string) []string {
		return func(_ *testing.T, address, dir string) []string {
			return append([]string{"-httpListenAddr=" + address, "-storageDataPath=" + dir}, more...)
		}
	}
	return map[string]exporter{
		"Prometheus": {program: "prometheus", args: written("{}", func(address, file string) []string {
			return []string{"--config.file=" + file, "--web.listen-address=" + address, "--storage.tsdb.path=" + filepath.Dir(file)}
		})},
		"Alertmanager": {program: "alertmanager", args: written("route: {receiver: a}\nreceivers: [{name: a}]\n", func(address, file string) []string {
			return []string{"--config.file=" + file, "--web.listen-address=" + address, "--cluster.listen-address=", "--storage.path=" + filepath.Dir(file)}
		})},
		"OpenTelemetry Collector": {program: "otelcol", args: func(_ *testing.T, address, _ string) []string {
			host, port, _ := strings.Cut(address, ":")
			config := "receivers: {otlp: {protocols: {http: {endpoint: '127.0.0.1:0'}}}}\nexporters: {otlp_http: {endpoint: 'http://127.0.0.1:9'}}\nservice:\n  pipelines: {metrics: {receivers: [otlp], exporters: [otlp_http]}}\n" +
				"  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: " + host + ", port: " + port + "}}}}]}}\n"
			return []string{"--config=yaml:" + config}
		}},
		"VictoriaMetrics":               {program: "victoria-metrics", args: victoria()},
		"VictoriaMetrics with metadata": {program: "victoria-metrics", args: victoria("-metrics.exposeMetadata"), broken: "a second TYPE line"},
		"node_exporter":                 {program: "prometheus-node-exporter", args: simple("--web.listen-address")},
		"Pushgateway":                   {program: "prometheus-pushgateway", args: simple("--web.listen-address")},
		"blackbox_exporter": {program: "prometheus-blackbox-exporter", args: written("modules: {a: {prober: tcp}}", func(address, file string) []string {
			return []string{"--web.listen-address=" + address, "--config.file=" + file}
		})},
		"snmp_exporter": {program: "prometheus-snmp-exporter", args: written("a: {walk: [1.3.6.1.2.1.1.3]}", func(address, file string) []string {
			return []string{"--web.listen-address=" + address, "--config.file=" + file}
		})},
		"process-exporter": {program: "prometheus-process-exporter", args: written("process_names: [{name: '{{.Comm}}', cmdline: ['.+']}]", func(address, file string) []string {
			return []string{"-web.listen-address=" + address, "-config.path=" + file}
		})},
		"redis_exporter": {program: "prometheus-redis-exporter", args: func(_ *testing.T, address, dir string) []string {
			return []string{"-web.listen-address=" + address, "-redis.addr=redis://" + dir}
		}, dependency: func(t *testing.T) string {
			address := freeAddress(t)
			redis := startIn(t, t.TempDir(), nil, "redis-server", "--bind", "127.0.0.1", "--port", port(t, address), "--save", "")
			until(t, redis, func() error { return dial(t, address) })
			return address
		}},
	}
}

// TestPagesOfOthers reads the pages of other people's programs: a contract that
// is inferred from a page is kept by it, and what check says of its syntax is
// what promtool says.
func TestPagesOfOthers(t *testing.T) {
	t.Parallel()
	for name, e := range exporters() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, dir := freeAddress(t), t.TempDir()
			if e.dependency != nil {
				dir = e.dependency(t)
			}
			program := startIn(t, t.TempDir(), nil, e.program, e.args(t, address, dir)...)
			for _, accept := range []string{"text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0"} {
				var page []byte
				var format string
				until(t, program, func() (err error) {
					page, format, err = pageAs(t, "http://"+address+"/metrics", accept)
					return err
				})
				judgePage(t, page, format, e.broken)
			}
		})
	}
}

// TestPagesOfClients reads what client libraries of other languages write.
func TestPagesOfClients(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "openmetrics"} {
		for interpreter, script := range map[string]string{"e2e-python": "testdata/page.py", "e2e-node": "testdata/page.js"} {
			t.Run(interpreter+" "+format, func(t *testing.T) {
				t.Parallel()
				page, err := exec.CommandContext(t.Context(), locate(t, interpreter), script, format).Output()
				if err != nil {
					t.Fatal(err)
				}
				judgePage(t, page, format, "")
			})
		}
	}
}

// TestStoredPages reads pages that e2e/pages/write has made with the code of
// programs that are too large to install for a test.
func TestStoredPages(t *testing.T) {
	t.Parallel()
	formats := map[string]string{".txt": "text", ".om": "openmetrics"}
	for _, program := range []string{"litellm", "micrometer", "vllm"} {
		for suffix, format := range formats {
			t.Run(program+" "+format, func(t *testing.T) {
				t.Parallel()
				page, err := os.ReadFile(filepath.Join("testdata", "pages", program+suffix))
				if err != nil {
					t.Fatal(err)
				}
				judgePage(t, page, format, "")
			})
		}
	}
}

// pageAs reads a page and the name of its format.
func pageAs(t *testing.T, url, accept string) ([]byte, string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return nil, "", err
	}
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || len(page) == 0 {
		return nil, "", fmt.Errorf("status %d, %d bytes: %w", response.StatusCode, len(page), err)
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/openmetrics-text") {
		return page, "openmetrics", nil
	}
	return page, "text", nil
}

// judgePage infers a contract from a page, checks the page against it, and asks
// others for their opinion: promtool of text, the reference parser of OpenMetrics.
func judgePage(t *testing.T, page []byte, format, broken string) {
	t.Helper()
	run := func(args ...string) (string, int) {
		c := exec.CommandContext(t.Context(), binary, append(args, "--exposition="+format, "-")...)
		c.Stdin, c.Env = bytes.NewReader(page), environment()
		out, err := c.Output()
		if c.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), c.ProcessState.ExitCode()
	}
	contract, code := run("contract", "--infer")
	if code != 0 {
		t.Errorf("%s: infer: exit code %d", format, code)
	}
	file := filepath.Join(t.TempDir(), "contract.yaml")
	if err := os.WriteFile(file, []byte(contract), 0o600); err != nil {
		t.Fatal(err)
	}
	want := 0
	if broken != "" {
		want = 1
	}
	found, code := run("check", "--contract="+file)
	if code != want || !strings.Contains(found, broken) {
		t.Errorf("%s: exit code %d, want %d and %q:\n%s", format, code, want, broken, found)
	}
	other := exec.CommandContext(t.Context(), locate(t, "promtool"), "check", "metrics")
	refuses := broken != ""
	if format == "openmetrics" {
		other = exec.CommandContext(t.Context(), locate(t, "e2e-python"), "testdata/reference.py")
		refuses = refuses || strings.Contains(found, "name-clash") // Prometheus takes it: see docs/check.md.
	}
	other.Stdin = bytes.NewReader(page)
	out, _ := other.CombinedOutput() // promtool has an exit code of its own for lints, 3.
	if refused := other.ProcessState.ExitCode() == 1; refused != refuses {
		t.Errorf("%s: %s refuses the page: %t\n%s\n%s", format, filepath.Base(other.Path), refused, out, found)
	}
}

// TestConventionPackages takes the semantic conventions of npm for a contract.
func TestConventionPackages(t *testing.T) {
	t.Parallel()
	resolved, err := exec.CommandContext(t.Context(), locate(t, "e2e-node"), "-p", "require.resolve('@opentelemetry/semantic-conventions')").Output()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(strings.TrimSpace(string(resolved)))
	for {
		if _, err := os.Stat(filepath.Join(folder, "package.json")); err == nil {
			break
		}
		folder = filepath.Dir(folder)
	}
	c := exec.CommandContext(t.Context(), binary, "check", "--contract="+folder, "--coverage", "-")
	c.Env = environment()
	c.Stdin = strings.NewReader("# TYPE http_server_request_duration summary\nhttp_server_request_duration_sum 1\nhttp_server_request_duration_count 1\n")
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "2 samples of semantic-conventions") {
		t.Errorf("%v\n%s", err, out)
	}
}
