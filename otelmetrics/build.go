package otelmetrics

import (
	"cmp"
	"context"
	"runtime"
	"runtime/debug"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// module is the path of the module that this package is in.
const module = "github.com/dspy-metrics/dspy-metrics"

// build says what a program was built from.
type build struct{ version, revision string }

// or fills in from the build information of the program what is empty.
func (b build) or(info *debug.BuildInfo) build {
	ours := func(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			b.version = cmp.Or(b.version, dependency.Version)
		}
	}
	if ours(info.Main.Path) {
		b.version = cmp.Or(b.version, info.Main.Version)
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				b.revision = cmp.Or(b.revision, setting.Value)
			}
		}
	}
	return b
}

// recordBuild sets the one series of the build, which is never idle: the version of this library and, for a program that is
// a part of its module, the commit. In a test of
// the user's there is none: it would differ from machine to machine.
func (p *pipeline) recordBuild() error {
	if p.isolated {
		return nil
	}
	m, l := p.contract.Metrics.BuildInfo, p.contract.Labels
	instrument, err := declare(p, m, int64Gauge)
	if err != nil {
		return err
	}
	b := p.buildInfo
	if info, ok := debug.ReadBuildInfo(); ok {
		b = b.or(info)
	}
	value := func(label views.Label, text string) attribute.KeyValue {
		return attribute.String(label.Key, p.labels[label.Key].Bounded(text))
	}
	series := instrument(attributes(m, nil,
		value(l.Version, b.version), value(l.Revision, b.revision), value(l.GoVersion, runtime.Version()))...)
	series.Record(context.Background(), 1)
	bound.Prime(series)
	return nil
}
