package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// output runs a program in the root of the repository and returns what it writes.
func output(t *testing.T, variables []string, program string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir, command.Env = "..", append(environment(), variables...)
	text, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, text)
	}
	return string(text)
}

// The wheel is installed into a fresh environment. Its program is a proxy for the example, and
// its package has types and works with the example's DSPy.
func TestWheel(t *testing.T) {
	t.Parallel()
	folder, python := t.TempDir(), locate(t, "e2e-python")
	lines := strings.Fields(output(t, nil, python, "packaging/wheel.py",
		"--version", "v0.1.0-rc.1", "--platform", "linux/"+goarch(t), "--program", binary, "--licenses", licenses(t, folder), "--output", folder))
	environment := filepath.Join(folder, "venv")
	output(t, nil, python, "-m", "venv", environment)
	output(t, nil, filepath.Join(environment, "bin", "pip"), "install", "--no-index", "--disable-pip-version-check", lines[len(lines)-1])
	installed := filepath.Join(environment, "bin", "dspy-metrics")
	if got := output(t, nil, installed, "--version"); got != output(t, nil, binary, "--version") {
		t.Errorf("got version %q", got)
	}
	address := freeAddress(t)
	front := start(t, installed, "--listen", address, "--service", "wheel", "--upstream", startDSPy(t))
	until(t, front, func() error {
		status, _, body, err := exchange(t, http.MethodPost, "http://"+address+"/predict", []byte(`{"prediction_type":"predict","inputs":{"question":"What is 2 + 2?"}}`))
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d: %s", status, body)
		}
		return err
	})
	until(t, front, func() error {
		_, _, page, err := exchange(t, http.MethodGet, "http://"+address+"/metrics", nil)
		if want := `dspy_predictions_total{prediction_type="predict",service="wheel",status="success"} 1`; err == nil && !strings.Contains(string(page), want) {
			err = fmt.Errorf("no line %s", want)
		}
		return err
	})
	packages, err := filepath.Glob(filepath.Join(environment, "lib", "python3*", "site-packages"))
	if err != nil || len(packages) != 1 {
		t.Fatalf("got %q, %v", packages, err)
	}
	if _, err := os.Stat(filepath.Join(packages[0], "dspy_metrics", "py.typed")); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"LICENSE", "THIRD_PARTY_LICENSES"} {
		if listed := glob(t, filepath.Join(packages[0], "dspy_metrics-*.dist-info", "licenses", name)); len(listed) != 1 {
			t.Errorf("the wheel has no %s", name)
		}
	}
	got := output(t, []string{"PYTHONPATH=" + packages[0]}, python, "-c",
		"import dspy, dspy_metrics; dspy.configure(callbacks=[dspy_metrics.UsageCallback()]); print(dspy_metrics.__file__)")
	if !strings.Contains(got, packages[0]) {
		t.Errorf("the package is that of %s", got)
	}
}

// The Debian package is installed into a folder of its own by dpkg, and what it installs runs with
// the settings that it brings.
func TestDebianPackage(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	completions, root := filepath.Join(folder, "completions"), filepath.Join(folder, "root")
	for _, made := range []string{completions, filepath.Join(root, "var/lib/dpkg")} {
		if err := os.MkdirAll(made, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{filepath.Join(root, "var/lib/dpkg/status"): ""}
	for shell, name := range map[string]string{"bash": "dspy-metrics.bash", "zsh": "_dspy-metrics", "fish": "dspy-metrics.fish"} {
		files[filepath.Join(completions, name)] = output(t, nil, binary, "completion", shell)
	}
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	output(t, []string{"GOWORK=off", "VERSION=v0.1.0", "ARCH=" + goarch(t), "PROGRAM=" + binary, "COMPLETIONS=" + completions, "LICENSES=" + licenses(t, folder)},
		"go", "tool", "-modfile=packaging/go.mod", "nfpm", "package", "--config", "packaging/nfpm.yaml", "--packager", "deb", "--target", folder+"/")
	packages := glob(t, filepath.Join(folder, "*.deb"))
	if len(packages) != 1 {
		t.Fatalf("got packages %q", packages)
	}
	output(t, nil, "dpkg", "--root="+root, "--force-not-root", "--install", packages[0])
	if listed := read(t, filepath.Join(root, "usr/share/doc/dspy-metrics/THIRD_PARTY_LICENSES")); !strings.Contains(listed, "==== github.com/") {
		t.Errorf("got licenses %q", listed)
	}
	settings := output(t, nil, filepath.Join(root, "usr/bin/dspy-metrics"), "config", "--config", filepath.Join(root, "etc/dspy-metrics.yaml"))
	if !strings.Contains(settings, "listen: 127.0.0.1:3000 ") {
		t.Errorf("got settings\n%s", settings)
	}
}

// goarch returns the architecture of the programs that are built here.
func goarch(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(output(t, nil, "go", "env", "GOARCH"))
}
