package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/internal/spelling"
)

// configVariable is the environment variable that names the config file, if no flag does.
const configVariable = "DSPY_METRICS_CONFIG"

// configFlag is the flag --config, of the commands that use settings of serve.
type configFlag struct {
	Config string `group:"common" env:"DSPY_METRICS_CONFIG" placeholder:"FILE" type:"path" help:"YAML file with these flags, without the dashes, such as: listen: ':8080'. Flags and environment variables override it. See dspy-metrics config."`
}

// configFile sets flags from a YAML file, if neither the command line nor an environment
// variable sets them. It is used for one run of the parser.
type configFile struct {
	path     string
	settings map[string]setting
	failed   error // why the file cannot be used
}

// setting is one entry of a config file.
type setting struct {
	line  int
	value any // a string, or a list of strings
}

var _ kong.Resolver = (*configFile)(nil)

// read reads the file that the flag --config or its variable names.
func (f *configFile) read(path string) error {
	f.path = kong.ExpandPath(path)
	file, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("--config: %w", err)
	}
	defer file.Close() //nolint:errcheck // Only read.
	var root yaml.Node
	if err := yaml.NewDecoder(file).Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("--config %s: %w", f.path, err)
	}
	f.settings = make(map[string]setting)
	if len(root.Content) == 0 {
		return nil // the file contains only comments
	}
	entries := root.Content[0]
	if entries.Kind != yaml.MappingNode {
		return fmt.Errorf("--config %s: line %d: expected flags and their values, such as: listen: ':8080'", f.path, entries.Line)
	}
	for i := 0; i+1 < len(entries.Content); i += 2 {
		name, node := entries.Content[i], entries.Content[i+1]
		if _, twice := f.settings[name.Value]; twice {
			return fmt.Errorf("--config %s: line %d: %q is set twice: remove one of them", f.path, name.Line, name.Value)
		}
		value, err := valueOf(node)
		if err != nil {
			return fmt.Errorf("--config %s: line %d: %s: %w", f.path, node.Line, name.Value, err)
		}
		f.settings[name.Value] = setting{name.Line, value}
	}
	return nil
}

// valueOf returns the value of a setting as the parser reads it from a command line.
func valueOf(node *yaml.Node) (any, error) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag == "!!null":
		return nil, errors.New("the value is missing: set one, or remove the line to use the default")
	case node.Kind == yaml.ScalarNode:
		return node.Value, nil
	case node.Kind != yaml.SequenceNode:
		return nil, errors.New("expected a value or a list of values")
	}
	list := []any{}
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode {
			return nil, errors.New("expected a list of plain values")
		}
		list = append(list, item.Value)
	}
	return list, nil
}

// Resolve is called by the parser for each flag that the command line does not set.
func (f *configFile) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	f.open(ctx)
	found, ok := f.settings[flag.Name]
	if !ok || fromVariable(flag) != "" {
		return nil, nil
	}
	if list, ok := found.value.([]any); ok && !flag.IsSlice() {
		return nil, fmt.Errorf("expected one value, got a list of %d", len(list))
	}
	return found.value, nil
}

// open reads the file once, if the command has the flag --config. Validate reports the error: an error
// returned from Resolve would be prefixed with the name of an unrelated flag.
func (f *configFile) open(ctx *kong.Context) {
	selected := ctx.Selected()
	if f.path != "" || selected == nil {
		return
	}
	taken := slices.IndexFunc(selected.Flags, func(flag *kong.Flag) bool { return flag.Name == "config" })
	if taken < 0 {
		return
	}
	path := os.Getenv(configVariable)
	if given, ok := ctx.FlagValue(selected.Flags[taken]).(string); ok && given != "" {
		path = given
	}
	if path == "" {
		return
	}
	if err := f.read(path); err != nil {
		f.settings, f.failed = nil, err
	}
}

// Validate is called by the parser after all flags are resolved. It checks that the file contains only flags of serve.
func (f *configFile) Validate(app *kong.Application) error {
	errs := []error{f.failed}
	var known []string
	for _, command := range app.Children {
		if command.Name != "serve" {
			continue
		}
		for _, flag := range command.Flags {
			if flag.Name != "config" && !flag.Hidden {
				known = append(known, flag.Name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.settings)) {
		if slices.Contains(known, name) {
			continue
		}
		nearest := slices.MinFunc(known, func(a, b string) int { return spelling.Distance(name, a) - spelling.Distance(name, b) })
		hint := "see dspy-metrics serve --help"
		if spelling.Distance(name, nearest) <= 2 {
			hint = fmt.Sprintf("did you mean %q?", nearest)
		}
		errs = append(errs, fmt.Errorf("--config %s: line %d: unknown flag %q: %s", f.path, f.settings[name].line, name, hint))
	}
	return errors.Join(errs...)
}

// explain adds the line of the file to an error about a flag that the file sets.
func (f *configFile) explain(err error) error {
	for name, setting := range f.settings {
		after, about := strings.CutPrefix(err.Error(), "--"+name)
		if about && strings.IndexAny(after, ":= ") == 0 { // and not a flag whose name is longer
			return fmt.Errorf("%w (%s, line %d)", err, f.path, setting.line)
		}
	}
	return err
}

// fromVariable returns the name of the environment variable that sets a flag, or "".
func fromVariable(flag *kong.Flag) string {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return name
		}
	}
	return ""
}
