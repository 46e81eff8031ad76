package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// runbooks is the folder of the pages that alerts lead to.
const runbooks = "../docs/runbooks"

// elsewhere are the programs of runbooks that need what this machine does not have.
func elsewhere() map[string]string {
	return map[string]string{
		"kubectl":    "a cluster of Kubernetes",
		"docker":     "a container",
		"journalctl": "a unit of systemd",
	}
}

// testRunbooks does what each runbook says, in its order: asks its queries and runs
// its commands, in a folder with the files of a release.
func (k *kit) testRunbooks(t *testing.T) {
	for _, path := range glob(t, filepath.Join(runbooks, "*.md")) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".md"), func(t *testing.T) {
			k.testResults(t, ofDocs(t, path))
			for _, command := range commandsOf(read(t, path)) {
				k.work(t, command)
			}
		})
	}
}

// work runs a command of a runbook.
func (k *kit) work(t *testing.T, command string) {
	t.Helper()
	program, _, _ := strings.Cut(command, " ")
	if _, needs := elsewhere()[program]; needs {
		return
	}
	folder := unpacked(t)
	script := k.fill(command)
	run := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	run.Dir = folder
	run.Env = append(environment(), "PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
	output, err := run.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n$ %s\n%s", err, script, output)
		return
	}
	switch {
	case program == "curl" && len(output) == 0:
		t.Errorf("$ %s: there is no answer", script)
	case strings.HasPrefix(command, "dspy-metrics contract "):
		if err := rewritten(t.Context(), folder); err != nil {
			t.Errorf("$ %s: %v", script, err)
		}
	}
}

// fill replaces what a runbook leaves to its reader.
func (k *kit) fill(command string) string {
	command = strings.NewReplacer(
		"HOST:3000", k.service.address, "ALERTMANAGER:9093", k.alertmanager.address,
		// None of them is the default, and an objective has to be above 93 %.
		"--availability SHARE", "--availability 0.97", "--latency SHARE", "--latency 0.97", "SHARE", "0.3",
		"SECONDS", "5", "USD", "7", "TYPES", "canceled", "NAME", "runbook", "WHY", "runbook",
		// TestPromtoolAndAmtool runs the others, which takes a while.
		"tests/*.yml", "tests/collector.yml",
	).Replace(command)
	// That the service is not ready is an answer too.
	return strings.ReplaceAll(command, "curl ", "curl --silent --show-error ")
}

// rewritten reports whether the rules were written anew, other than they are shipped and
// well.
func rewritten(ctx context.Context, folder string) error {
	changed := false
	for _, name := range []string{"recording-rules.yml", "slo-rules.yml", "alerts.yml"} {
		before, errBefore := os.ReadFile(filepath.Join(shipped, name))
		after, errAfter := os.ReadFile(filepath.Join(folder, "prometheus", name))
		if err := errors.Join(errBefore, errAfter); err != nil {
			return err
		}
		changed = changed || string(before) != string(after)
	}
	if !changed {
		return errors.New("the rules are as before")
	}
	check := exec.CommandContext(ctx, "promtool", "check", "config", filepath.Join("prometheus", "prometheus.yml"))
	check.Dir = folder
	if output, err := check.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	return nil
}

// unpacked makes a folder with the files that runbooks name.
func unpacked(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := errors.Join(
		os.CopyFS(filepath.Join(folder, "prometheus"), os.DirFS(shipped)),
		os.WriteFile(filepath.Join(folder, "otel-collector.yaml"), []byte(read(t, "../otel-collector.yaml")), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return folder
}

// commandsOf returns what a page says in code within a line that begins with a program
// and goes on.
func commandsOf(page string) []string {
	page = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(page, "")
	var commands []string
	for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(page, -1) {
		command := strings.Join(strings.Fields(code[1]), " ")
		if regexp.MustCompile(`^(dspy-metrics|curl|promtool|amtool|otelcol|kubectl|docker|journalctl) `).MatchString(command) {
			commands = append(commands, command)
		}
	}
	return commands
}
