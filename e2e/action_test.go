package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestContractAction runs the script of the GitHub action in a repository whose
// contract changes after its last tag.
func TestContractAction(t *testing.T) {
	t.Parallel()
	repository := t.TempDir()
	contract := filepath.Join(repository, "telemetry", "registry.yaml")
	registry := "file_format: definition/2\nmetrics:\n  - {name: app.jobs, brief: Jobs, instrument: counter, unit: '{job}', stability: stable}\n"
	write := func(path, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), "git", append([]string{"-C", repository, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	write(contract, registry)
	git("init", "-q")
	git("add", "-A")
	git("commit", "-q", "-m", "a contract")

	tools := t.TempDir()
	if err := os.Symlink(binary, filepath.Join(tools, "dspy-metrics")); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("../.github/actions/contract/diff.sh")
	if err != nil {
		t.Fatal(err)
	}
	run := func(contract, failOn string) (summary, output string, code int) {
		t.Helper()
		files := t.TempDir()
		var log bytes.Buffer
		c := exec.CommandContext(t.Context(), script)
		c.Dir, c.Stdout, c.Stderr = repository, &log, &log
		c.Env = append(environment(), "PATH="+tools+":"+os.Getenv("PATH"), "CONTRACT="+contract, "FAIL_ON="+failOn,
			"GITHUB_STEP_SUMMARY="+filepath.Join(files, "summary"), "GITHUB_OUTPUT="+filepath.Join(files, "output"))
		_ = c.Run() // The exit code is looked at.
		written, _ := os.ReadFile(filepath.Join(files, "summary"))
		set, _ := os.ReadFile(filepath.Join(files, "output"))
		t.Logf("%s", log.Bytes())
		return string(written), string(set), c.ProcessState.ExitCode()
	}
	if _, _, code := run("telemetry", "breaking"); code != 2 {
		t.Errorf("without a tag: exit code %d, want 2", code)
	}
	git("tag", "v1.0.0")
	if summary, output, code := run("telemetry", "breaking"); code != 0 || !strings.Contains(summary, "is the same") || output != "changed=false\n" {
		t.Errorf("nothing changed: exit code %d, %q, %q", code, summary, output)
	}
	write(contract, registry+"  - {name: app.retries, brief: Retries, instrument: counter, unit: '{retry}', stability: development}\n")
	if summary, output, code := run("telemetry/registry.yaml", "breaking"); code != 0 || !strings.Contains(summary, "| compatible | `app_retries_total` |") || output != "changed=true\n" {
		t.Errorf("a metric more: exit code %d, %q, %q", code, summary, output)
	}
	if _, _, code := run("telemetry", "compatible"); code != 1 {
		t.Errorf("a metric more, which fails: exit code %d, want 1", code)
	}
	write(contract, strings.Replace(registry, "counter", "gauge", 1))
	if summary, _, code := run("telemetry", "breaking"); code != 1 || !strings.Contains(summary, "| breaking |") {
		t.Errorf("another type: exit code %d, %q", code, summary)
	}
}
