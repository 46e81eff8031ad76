package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// configFileOf writes a config file.
func configFileOf(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// settingsOf returns what the command config prints.
func settingsOf(t *testing.T, args ...string) (string, error) {
	t.Helper()
	file := new(configFile)
	parser, err := newParser(kong.Resolvers(file), kong.Bind(file))
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := parser.Parse(append([]string{"config"}, args...))
	if err != nil {
		return "", file.explain(err)
	}
	var text bytes.Buffer
	if err := printSettings(&text, ctx, file); err != nil {
		t.Fatal(err)
	}
	return text.String(), nil
}

// has reports whether a line of the text has a beginning and an end, whatever is between them.
func has(text, begins, ends string) bool {
	return slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool {
		return strings.HasPrefix(line, begins) && strings.HasSuffix(line, ends)
	})
}

// The command line goes before a variable, a variable before the file, the file before the default.
func TestSettings(t *testing.T) {
	path := configFileOf(t, "listen: 127.0.0.1:1\nroute: [/predict, '/qa/{id}=cot']\nmax-concurrency: 16\nlive: false\ntimeout: 90s\nservice: file\nmax-client-concurrency: 0\ntype-field: 'on'\n")
	t.Setenv("DSPY_METRICS_TIMEOUT", "30s")
	t.Setenv("DSPY_METRICS_SERVICE", "variable")
	t.Setenv("DSPY_METRICS_CACHE", "redis://user:secret@redis:6379/0")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret")
	got, err := settingsOf(t, "--config", path, "--service", "flag")
	if err != nil {
		t.Fatal(err)
	}
	for begins, ends := range map[string]string{
		"listen: 127.0.0.1:1 ":                        path + ", line 1",
		"route: [/predict, '/qa/{id}=cot'] ":          path + ", line 2",
		"max-concurrency: 16 ":                        path + ", line 3",
		"live: false ":                                path + ", line 4",
		"timeout: 30s ":                               "DSPY_METRICS_TIMEOUT",
		"service: flag ":                              "command line",
		"cache: redis://redis:6379/0 ":                "DSPY_METRICS_CACHE",
		"max-client-concurrency: 0 ":                  path + ", line 7",
		`type-field: "on" `:                           path + ", line 8",
		"retries: 2 ":                                 "default",
		"# upstream:":                                 "# not set",
		"# OTEL_EXPORTER_OTLP_HEADERS is set as well": "",
	} {
		if !has(got, begins, ends) {
			t.Errorf("no line begins with %q and ends with %q:\n%s", begins, ends, got)
		}
	}
	if strings.Contains(got, "secret") {
		t.Errorf("a secret is printed:\n%s", got)
	}
}

// What is printed is a config file for the same settings.
func TestSettingsAreAConfigFile(t *testing.T) {
	t.Parallel()
	first, err := settingsOf(t, "--route", "/a,/b=cot", "--no-live", "--log-level", "debug", "--cache-ttl", "90m", "--max-client-concurrency", "3")
	if err != nil {
		t.Fatal(err)
	}
	second, err := settingsOf(t, "--config", configFileOf(t, first))
	if err != nil {
		t.Fatalf("%v:\n%s", err, first)
	}
	values := func(text string) (lines []string) {
		for line := range strings.Lines(text) {
			value, _, _ := strings.Cut(line, " # ")
			lines = append(lines, strings.TrimSpace(value))
		}
		return lines
	}
	if !slices.Equal(values(first), values(second)) {
		t.Errorf("got\n%s\nwant the values of\n%s", second, first)
	}
}

// A mistake in a config file is told with its place.
func TestConfigFileMistakes(t *testing.T) {
	t.Parallel()
	for content, wants := range map[string][]string{
		"\nlisten: x\nlisen: y\n":         {"line 3", `"lisen"`, `did you mean "listen"`},
		"whatever: 1\n":                   {"line 1", `"whatever"`, "--help"},
		"# a\ntimeout: soon\n":            {"--timeout", "line 2", `"soon"`},
		"listen: [a, b]\n":                {"--listen", "line 1", "one value"},
		"listen: {a: b}\n":                {"line 1", "listen", "a value or a list"},
		"listen:\n":                       {"line 1", "listen", "default"},
		"- listen\n":                      {"line 1", "flags and their values"},
		"listen: a\nlisten: b\n":          {"line 2", "twice"},
		"a: [\n":                          {"yaml"},
		"max-concurrency: -1\n":           {"--max-concurrency must be positive"},
		"config: other.yaml\n":            {"line 1", `"config"`},
		"help: true\n":                    {"line 1", `"help"`},
		"log-format: xml\n":               {"--log-format", "line 1", "xml"},
		"cache-key-header: [X-Request]\n": {"--cache-key-header", "--cache-ignore-header"},
	} {
		_, err := settingsOf(t, "--config", configFileOf(t, content))
		if err == nil {
			t.Errorf("%q: no error", content)
			continue
		}
		for _, want := range wants {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %q, want %q in it", content, err, want)
			}
		}
	}
	if _, err := settingsOf(t, "--config", "absent.yaml"); err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("got %v", err)
	}
	for _, empty := range []string{"", "# nothing\n"} {
		if _, err := settingsOf(t, "--config", configFileOf(t, empty)); err != nil {
			t.Errorf("%q: got %v", empty, err)
		}
	}
}

// Each flag of serve has a theme, and the common ones come first.
func TestThemes(t *testing.T) {
	t.Parallel()
	parser, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	common := 0
	for _, flag := range parser.Model.DefaultCmd.Flags {
		switch {
		case flag.Name == "help" || flag.Hidden:
		case flag.Group == nil:
			t.Errorf("--%s has no theme", flag.Name)
		case !slices.ContainsFunc(themes(), func(g kong.Group) bool { return g.Key == flag.Group.Key }):
			t.Errorf("--%s has the theme %q, which has no title", flag.Name, flag.Group.Key)
		case flag.Group.Key == "common":
			common++
		}
	}
	if common != 10 {
		t.Errorf("got %d flags that most need, want 10", common)
	}
}

// The scripts of all shells ask this program, which completes commands, flags and their values.
func TestCompletion(t *testing.T) {
	t.Parallel()
	parser, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		var text bytes.Buffer
		if err := script(&text, completions(parser.Model), shell); err != nil || !strings.Contains(text.String(), "dspy-metrics") {
			t.Errorf("%s: got %v: %.200s", shell, err, &text)
		}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{""}, "contract\t"},
		{[]string{"--cache-t"}, "--cache-ttl\t"}, // of the default command
		{[]string{"serve", "--cache-t"}, "--cache-timeout\t"},
		{[]string{"--genai", ""}, "released\n"},
		{[]string{"check", "--fail-on", "w"}, "warning\n"},
		{[]string{"completion", ""}, "zsh\n"},
		{[]string{"contract", "--with", ""}, ":0\n"}, // the shell's files
		{[]string{"serve", "--listen", ""}, ":4\n"},  // no files
	} {
		root := completions(parser.Model)
		var text bytes.Buffer
		root.SetOut(&text)
		root.SetErr(new(bytes.Buffer))
		root.SetArgs(append([]string{"__complete"}, test.args...))
		if err := root.Execute(); err != nil || !strings.Contains("\n"+text.String(), "\n"+test.want) {
			t.Errorf("%q: got %v, %q, want %q", test.args, err, &text, test.want)
		}
	}
}
