package contract

import (
	"slices"

	"github.com/prometheus/otlptranslator"
)

// Strategies are the ways in which the names of OpenTelemetry become those of
// Prometheus, the most usual first.
func Strategies() []otlptranslator.TranslationStrategyOption {
	return []otlptranslator.TranslationStrategyOption{
		otlptranslator.UnderscoreEscapingWithSuffixes,
		otlptranslator.UnderscoreEscapingWithoutSuffixes,
		otlptranslator.NoUTF8EscapingWithSuffixes,
		otlptranslator.NoTranslation,
	}
}

// Translated returns the contract with all names as a page spells them under the
// strategy. A name that the contract states stays.
func (c Contract) Translated(strategy otlptranslator.TranslationStrategyOption) Contract {
	c.Metrics = slices.Clone(c.Metrics)
	for i := range c.Metrics {
		c.Metrics[i] = c.Metrics[i].translated(strategy)
	}
	return c
}

func (m Metric) translated(strategy otlptranslator.TranslationStrategyOption) Metric {
	if m.Name == "" {
		namer := otlptranslator.NewMetricNamer("", strategy)
		if name, err := namer.Build(otlptranslator.Metric{Name: m.Stream, Unit: m.Unit, Type: m.Kind.otlp()}); err == nil {
			m.Name = name
		} else {
			m.Name = m.Stream
		}
	}
	namer := otlptranslator.LabelNamer{UTF8Allowed: !strategy.ShouldEscape()}
	m.Labels = slices.Clone(m.Labels)
	for i := range m.Labels {
		label := &m.Labels[i]
		if label.Key != "" {
			continue
		}
		label.Key = label.ID
		if key, err := namer.Build(label.ID); err == nil {
			label.Key = key
		}
	}
	return m
}

// Streamed returns the contract with the names of OTLP.
func (c Contract) Streamed() Contract {
	c.Metrics = slices.Clone(c.Metrics)
	for i := range c.Metrics {
		metric := &c.Metrics[i]
		metric.Name = metric.Stream
		metric.Labels = slices.Clone(metric.Labels)
		for j := range metric.Labels {
			metric.Labels[j].Key = metric.Labels[j].ID
		}
	}
	return c
}

func (k Kind) otlp() otlptranslator.MetricType {
	switch k {
	case Counter:
		return otlptranslator.MetricTypeMonotonicCounter
	case UpDownCounter:
		return otlptranslator.MetricTypeNonMonotonicCounter
	case Gauge:
		return otlptranslator.MetricTypeGauge
	case Histogram:
		return otlptranslator.MetricTypeHistogram
	case Summary:
		return otlptranslator.MetricTypeSummary
	default:
		return otlptranslator.MetricTypeUnknown
	}
}

// UnitWord is the word that OpenMetrics has for a unit, for example "seconds";
// empty for what has no word.
func UnitWord(unit string) string {
	namer := otlptranslator.UnitNamer{}
	return namer.Build(unit)
}
