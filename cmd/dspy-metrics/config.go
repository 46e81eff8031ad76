package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/redact"
)

// configCommand takes the flags of serve and prints them.
type configCommand struct {
	serve
}

// Help is shown by --help.
func (configCommand) Help() string {
	return `Use the same flags, environment variables and config file as for serve. The output is a config file for --config. A
comment on each line says where the value comes from. Passwords in URLs are not printed.

Examples:
  dspy-metrics config
  dspy-metrics config --config dspy-metrics.yaml --cache memory
  dspy-metrics config > dspy-metrics.yaml

Exit codes: 0 if the settings are valid, 2 if not.`
}

// Run prints the settings.
func (c *configCommand) Run(ctx *kong.Context, file *configFile) error {
	return printSettings(os.Stdout, ctx, file)
}

func printSettings(w io.Writer, ctx *kong.Context, file *configFile) error {
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	group := ""
	for _, flag := range byGroup(ctx.Selected().Flags) {
		if flag.Hidden || flag.Name == "config" || flag.Name == "help" {
			continue
		}
		if flag.Group.Title != group {
			group = flag.Group.Title
			_, _ = fmt.Fprintf(table, "# %s\n", group)
		}
		value, set, err := written(flag)
		if err != nil {
			return fmt.Errorf("--%s: %w", flag.Name, err)
		}
		if !set {
			_, _ = fmt.Fprintf(table, "# %s:\t# not set\n", flag.Name)
			continue
		}
		_, _ = fmt.Fprintf(table, "%s: %s\t# %s\n", flag.Name, value, origin(ctx, file, flag))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, name := range standardVariables(os.Environ()) {
		fmt.Fprintf(&text, "# %s is set as well (a variable of the OpenTelemetry specification)\n", name)
	}
	_, err := text.WriteTo(w)
	return err
}

// byGroup returns the flags ordered by group. Groups and flags keep their order.
func byGroup(flags []*kong.Flag) []*kong.Flag {
	var order []string
	for _, flag := range flags {
		if flag.Group != nil && !slices.Contains(order, flag.Group.Key) {
			order = append(order, flag.Group.Key)
		}
	}
	grouped := slices.DeleteFunc(slices.Clone(flags), func(flag *kong.Flag) bool { return flag.Group == nil })
	slices.SortStableFunc(grouped, func(a, b *kong.Flag) int {
		return slices.Index(order, a.Group.Key) - slices.Index(order, b.Group.Key)
	})
	return grouped
}

// written returns the value of a flag in YAML, without secrets, and whether it is set.
func written(flag *kong.Flag) (text string, set bool, err error) {
	target := flag.Target
	if target.Kind() == reflect.Pointer {
		if target.IsNil() {
			return "", false, nil
		}
		target = target.Elem()
	}
	var value any
	switch v := target.Interface().(type) {
	case []string:
		list := make([]string, len(v))
		for i := range v {
			list[i] = redact.URL(v[i])
		}
		if len(list) == 0 {
			return "", false, nil
		}
		value = &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: scalars(list)}
	case string:
		if v == "" {
			return "", false, nil
		}
		value = redact.URL(v)
	case fmt.Stringer: // a duration, a level
		value = v.String()
	default:
		value = v
	}
	marshaled, err := yaml.Marshal(value)
	return strings.TrimSpace(string(marshaled)), true, err
}

func scalars(values []string) []*yaml.Node {
	nodes := make([]*yaml.Node, len(values))
	for i, value := range values {
		nodes[i] = new(yaml.Node)
		nodes[i].SetString(value)
	}
	return nodes
}

// origin returns where the value of a flag comes from.
func origin(ctx *kong.Context, file *configFile, flag *kong.Flag) string {
	for _, path := range ctx.Path {
		if path.Flag == nil || path.Flag.Name != flag.Name {
			continue
		}
		if path.Resolved {
			return fmt.Sprintf("%s, line %d", file.path, file.settings[flag.Name].line)
		}
		return "command line"
	}
	if name := fromVariable(flag); name != "" {
		return name
	}
	return "default"
}

// standardVariables returns the names of the OTEL_* variables that are set, sorted. It leaves out their values,
// which may contain credentials.
func standardVariables(environment []string) []string {
	var names []string
	for _, entry := range environment {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "OTEL_") && value != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
