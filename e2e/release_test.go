package e2e

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The notes of a release are the section of its version in the changelog. A pre-release of a version
// that has no section has what is not released, and any other version has none.
func TestReleaseNotes(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v0.1.0":      "\n### Added\n",
		"0.1.0":       "\n### Added\n",
		"v0.1.0-rc.1": "\n### Added\n",
		"v9.9.9-rc.1": "Nothing yet",
	} {
		notes := output(t, nil, "packaging/notes", version)
		if !strings.Contains(notes, want) || regexp.MustCompile(`(?m)^## |^\[.*\]: `).MatchString(notes) {
			t.Errorf("%s: got notes\n%s", version, notes)
		}
	}
	command := exec.CommandContext(t.Context(), "../packaging/notes", "v9.9.9")
	if message, err := command.CombinedOutput(); err == nil || !strings.Contains(string(message), "no section [9.9.9]") {
		t.Errorf("got %v and %q", err, message)
	}
}

// What a release is built with, what is looked for vulnerabilities and what the image is built with
// are of one toolchain, which the module of the tools names.
func TestOneToolchain(t *testing.T) {
	t.Parallel()
	toolchain := regexp.MustCompile(`(?m)^toolchain go((\d+\.\d+)\.\d+)$`).FindStringSubmatch(read(t, "../tools/go.mod"))
	if toolchain == nil {
		t.Fatal("tools/go.mod names no toolchain")
	}
	release := read(t, "../.github/workflows/release.yml")
	if !strings.Contains(release, "go-version-file: tools/go.mod") || strings.Contains(release, "go-version:") {
		t.Error("release.yml builds with another Go than that of tools/go.mod")
	}
	for _, file := range []string{"../packaging/build", "../Makefile"} {
		if !regexp.MustCompile(`GOTOOLCHAIN=.*toolchain.* tools/go\.mod\)`).MatchString(read(t, file)) {
			t.Errorf("%s does not take the toolchain of tools/go.mod", file)
		}
	}
	if base := regexp.MustCompile(`FROM golang:([\d.]+)`).FindStringSubmatch(read(t, "../Dockerfile")); base == nil || base[1] != toolchain[1] && base[1] != toolchain[2] {
		t.Errorf("the image is built with Go %q, and tools/go.mod names %s", base, toolchain[1])
	}
}
