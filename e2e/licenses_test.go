package e2e

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// licenses writes what packaging/licenses prints of the service into a file of the folder.
func licenses(t *testing.T, folder string) string {
	t.Helper()
	printed, err := listLicenses(t, "..", binary)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "THIRD_PARTY_LICENSES")
	if err := os.WriteFile(path, printed, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// listLicenses runs packaging/licenses of the root, and returns what it printed.
func listLicenses(t *testing.T, root string, args ...string) ([]byte, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(root, "packaging", "licenses"), args...)
	var messages strings.Builder
	command.Env, command.Stderr = environment(), &messages
	printed, err := command.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, messages.String())
	}
	return printed, err
}

// The command of the Dockerfile writes the licenses of each module in the program, whose list the
// program itself has, of Go's own library, and of the charts of the page /live.
func TestLicenses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := copyContext("..", folder); err != nil {
		t.Fatal(err)
	}
	file, err := readDockerfile("..")
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(folder, "packaging", "licenses")
	if err := os.Chmod(script, 0o700); err != nil {
		t.Fatal(err)
	}
	command := strings.NewReplacer("/licenses", filepath.Join(folder, "written"), "packaging/licenses", script, "/dspy-metrics", binary).
		Replace(file.run("packaging/licenses"))
	run := exec.CommandContext(t.Context(), "bash", "-ec", command)
	run.Dir, run.Env = folder, environment()
	if messages, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, messages)
	}
	written, err := os.ReadFile(filepath.Join(folder, "written", "THIRD_PARTY_LICENSES"))
	if err != nil {
		t.Fatal(err)
	}
	build, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	wanted := []string{"Go " + build.GoVersion + ": LICENSE", "cmd/internal/live/uplot/LICENSE"}
	for _, module := range build.Deps {
		if module.Replace == nil && module.Path != "github.com/dspy-metrics/dspy-metrics" {
			wanted = append(wanted, module.Path+" "+module.Version+": ")
		}
	}
	if len(wanted) < 20 {
		t.Errorf("got %d modules", len(wanted))
	}
	for _, want := range wanted {
		if !bytes.Contains(written, []byte("\n==== "+want)) && !bytes.HasPrefix(written, []byte("==== "+want)) {
			t.Errorf("no license of %s", want)
		}
	}
	// Apache's license asks for the notice too.
	if want := "prometheus/client_golang v1"; !bytes.Contains(written, []byte("==== github.com/"+want)) || !bytes.Contains(written, []byte(": NOTICE\n")) {
		t.Errorf("no notice of %s", want)
	}
}

// A module without a license, or with one that asks for more than its text, fails a build.
func TestLicensesThatAreRefused(t *testing.T) {
	t.Parallel()
	texts := strings.TrimSpace(output(t, []string{"GOWORK=off"}, "go", "list", "-C", "packaging", "-m", "-f", "{{.Dir}}", "github.com/google/licenseclassifier/v2"))
	for name, text := range map[string]string{
		"MIT": "MIT/pristine.txt", "Apache-2.0": "Apache-2.0/pristine.txt",
		"GPL-3.0": "GPL-3.0/license.txt", "AGPL-3.0": "AGPL-3.0/license.txt", "MPL-2.0": "MPL-2.0/license.txt",
		"none": "", "words of its own": "-",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			files := map[string]string{
				"go.work":            "go 1.26.0\nuse (\n\t./program\n\t./other\n)\n",
				"program/go.mod":     "module example.com/program\ngo 1.26.0\n",
				"program/main.go":    "package main\n\nimport _ \"example.com/other\"\n\nfunc main() {}\n",
				"other/go.mod":       "module example.com/other\ngo 1.26.0\n",
				"other/other.go":     "package other\n",
				"packaging/go.mod":   read(t, "../packaging/go.mod"),
				"packaging/go.sum":   read(t, "../packaging/go.sum"),
				"packaging/licenses": read(t, "../packaging/licenses"),
			}
			switch text {
			case "":
			case "-":
				files["other/LICENSE"] = "Whoever reads this code owes its author a postcard."
			default:
				files["other/LICENSE"] = read(t, filepath.Join(texts, "assets", "License", text))
			}
			for name, content := range files {
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			program := filepath.Join(root, "bin")
			output(t, nil, "go", "build", "-C", root, "-buildvcs=false", "-o", program, "./program")
			printed, err := listLicenses(t, root, program, "./program")
			if name == "MIT" || name == "Apache-2.0" {
				if err != nil || !bytes.Contains(printed, []byte("==== example.com/other (devel): LICENSE\n")) {
					t.Errorf("got %v and %q", err, printed)
				}
			} else if err == nil || !strings.Contains(err.Error(), "example.com/other") {
				t.Errorf("got %v, want an error that names the module", err)
			}
		})
	}
}
