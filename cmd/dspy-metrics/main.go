// Command dspy-metrics serves and measures the predictions of a DSPy program.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/redact"
)

// The exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

type commands struct {
	Version    kong.VersionFlag  `help:"Print the version and exit."`
	Serve      serve             `cmd:"" default:"withargs" help:"Run the proxy or the built-in predictor, and expose metrics (the default)."`
	Check      checkCommand      `cmd:"" help:"Check the metrics of a service against a contract."`
	Contract   contractCommand   `cmd:"" help:"Print a contract, or write its dashboards and rules."`
	Health     health            `cmd:"" help:"Check whether a running service is ready, for container health checks."`
	Config     configCommand     `cmd:"" help:"Print the settings of serve and where each comes from."`
	Load       load              `cmd:"" help:"Send requests to a running service and measure its answers."`
	Live       liveCommand       `cmd:"" help:"Show live charts of a service in the browser."`
	Completion completionCommand `cmd:"" help:"Print a shell completion script."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	file := new(configFile)
	parser, err := newParser(kong.BindTo(ctx, (*context.Context)(nil)), kong.Resolvers(file), kong.Bind(file))
	if err != nil {
		return fail(err, exitFailure)
	}
	if asksForCompletion(args) {
		return complete(parser, args)
	}
	command, err := parser.Parse(args)
	if err != nil {
		return fail(fmt.Errorf("%s; see dspy-metrics --help", redacted(file.explain(err), args)), exitUsage)
	}
	if err := command.Run(); err != nil {
		if _, ok := errors.AsType[usageError](err); ok {
			return fail(err, exitUsage)
		}
		return fail(err, exitFailure)
	}
	return 0
}

// newParser returns the parser of the command line.
func newParser(options ...kong.Option) (*kong.Kong, error) {
	return kong.New(new(commands), append([]kong.Option{
		kong.Name("dspy-metrics"),
		kong.Description("OpenTelemetry-native metrics for DSPy and LLM prediction services."),
		kong.Vars{"version": release()},
		objectiveDefaults(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ExplicitGroups(themes()),
	}, options...)...)
}

// themes are the groups of the flags of serve. The help shows them in the order of the flags.
func themes() []kong.Group {
	return []kong.Group{
		{Key: "common", Title: "Common flags:"},
		{Key: "upstream", Title: "Upstream:"},
		{Key: "cache", Title: "Cache:"},
		{Key: "limits", Title: "Limits:"},
		{Key: "labels", Title: "Labels:"},
		{Key: "telemetry", Title: "Telemetry:"},
		{Key: "security", Title: "Security:"},
		{Key: "shutdown", Title: "Connections and shutdown:"},
	}
}

// redacted returns the text of the parser, which quotes arguments that it does
// not know, such as the URL of a cache without its flag.
func redacted(err error, args []string) string {
	text := err.Error()
	for _, arg := range args {
		if strings.Contains(arg, "@") {
			text = strings.ReplaceAll(text, arg, redact.URL(arg))
		}
	}
	return text
}

// usageError is a wrong flag or variable.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func fail(err error, code int) int {
	fmt.Fprintln(os.Stderr, "dspy-metrics:", err)
	return code
}

// stamp is the version, and what else --version says, of a build that cannot ask git, such as that of the image:
//
//	go build -ldflags "-X 'main.stamp=v0.1.0, commit 4f2a…, of 2026-01-02T03:04:05Z'" ./cmd/dspy-metrics
var stamp string //nolint:gochecknoglobals // The linker can set variables only.

func version() string {
	if stamp != "" {
		version, _, _ := strings.Cut(stamp, ",")
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// release returns version, commit and date, as far as the build knows them.
func release() string {
	parts := []string{cmp.Or(stamp, version())}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision":
				parts = append(parts, "commit "+setting.Value)
			case setting.Key == "vcs.time":
				parts = append(parts, "of "+setting.Value)
			case setting.Key == "vcs.modified" && setting.Value == "true":
				parts = append(parts, "with changes")
			}
		}
		parts = append(parts, "built by "+info.GoVersion)
	}
	return strings.Join(parts, ", ")
}
