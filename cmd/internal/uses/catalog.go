package uses

import (
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// series is the set of series that a query can select by one name.
type series struct {
	metric contract.Metric
	// labels are all labels of the series. If open is set, there may be others.
	labels []string
	open   bool
	// inner is le or quantile, for the parts of a histogram or a summary.
	inner string
	// grows is set for what rate is for.
	grows bool
	// promised is set if the contract has the metric.
	promised bool
}

// Catalog knows the series that queries can ask for. The zero value knows those
// that Prometheus makes itself.
type Catalog struct {
	series     map[string]series
	promised   map[string]contract.Metric // by name
	order      []string
	namespaces []string
}

// Promise adds the metrics of a contract, with the names of a page.
func (c *Catalog) Promise(promised contract.Contract) {
	if c.promised == nil {
		c.promised = make(map[string]contract.Metric)
	}
	c.namespaces = promised.Namespaces
	for _, m := range promised.Metrics {
		if _, ok := c.promised[m.Name]; !ok {
			c.promised[m.Name] = m
			c.order = append(c.order, m.Name)
		}
		c.add(m, true)
	}
}

// Expose adds metrics that a page has. Those of the contract stay as it has them.
func (c *Catalog) Expose(metrics []contract.Metric) {
	for _, m := range metrics {
		c.add(m, false)
	}
}

func (c *Catalog) add(m contract.Metric, promised bool) {
	if c.series == nil {
		c.series = make(map[string]series)
	}
	one := series{metric: m, open: m.OpenLabels, promised: promised}
	for _, label := range m.Labels {
		one.labels = append(one.labels, label.Key)
		one.open = one.open || label.Template
	}
	for name, part := range named(m) {
		part.metric, part.labels, part.open, part.promised = one.metric, slices.Clone(one.labels), one.open, promised
		if part.inner != "" {
			part.labels = append(part.labels, part.inner)
		}
		known, ok := c.series[name]
		switch {
		case !ok || promised && !known.promised:
			c.series[name] = part
		case !promised && !known.promised: // Two pages have it.
			known.labels = union(known.labels, part.labels)
			known.open = known.open || part.open
			c.series[name] = known
		}
	}
}

// named returns the series of a metric by name. A histogram may be stored in its
// native form even if it was exposed as a classic one, because Prometheus can convert
// it.
func named(m contract.Metric) map[string]series {
	bucketed := map[string]series{
		m.Name + "_bucket": {inner: "le", grows: true}, m.Name + "_count": {grows: true}, m.Name + "_sum": {grows: true}, m.Name: {grows: true},
	}
	created := strings.TrimSuffix(m.Name, "_total") + "_created"
	switch m.Kind {
	case contract.Counter:
		return map[string]series{m.Name: {grows: true}, created: {}}
	case contract.Histogram:
		bucketed[created] = series{}
		return bucketed
	case contract.GaugeHistogram:
		return map[string]series{m.Name + "_bucket": {inner: "le"}, m.Name + "_gcount": {}, m.Name + "_gsum": {}, m.Name: {}}
	case contract.Summary:
		return map[string]series{m.Name: {inner: "quantile"}, m.Name + "_count": {grows: true}, m.Name + "_sum": {grows: true}, created: {}}
	case contract.StateSet:
		return map[string]series{m.Name: {inner: m.Name}}
	case contract.AnyKind, contract.Unknown:
		return bucketed // It may be anything.
	default:
		return map[string]series{m.Name: {}}
	}
}

// find returns the series of a name.
func (c *Catalog) find(name string) (series, bool) {
	if one, ok := c.series[name]; ok {
		return one, true
	}
	// Prometheus makes these for every target and every alert.
	switch {
	case name == "up", strings.HasPrefix(name, "scrape_"):
		return series{}, true
	case name == "ALERTS", name == "ALERTS_FOR_STATE", name == "target_info", name == "otel_scope_info":
		return series{open: true}, true
	}
	return series{}, false
}

// reserved reports whether a metric of this name would have to be known: the
// contract has the name for itself, or has no names for itself at all.
func (c *Catalog) reserved(name string) bool {
	return len(c.namespaces) == 0 || contract.Contract{Namespaces: c.namespaces}.Reserves(name)
}

func union(a, b []string) []string {
	for _, name := range b {
		if !slices.Contains(a, name) {
			a = append(slices.Clip(a), name)
		}
	}
	return a
}
