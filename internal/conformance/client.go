package conformance

import (
	"iter"
	"slices"
)

// Client contains the metrics that one OTLP client, identified by its resource, has
// sent so far.
type Client struct {
	// Name is the service's name and instance, as far as the resource says.
	Name string
	// Exposition is the last of every series, with what was found on the way.
	Exposition *Exposition
	// Most is how many bytes of series may be kept, as Kept counts them. What comes
	// beyond is a finding.
	Most int64

	kept     int64
	families map[form]int // index in Exposition.Families
}

// NewClient returns a client that has sent nothing yet. Either text may be empty: its resource says who it is.
func NewClient(service, instance string) *Client {
	c := &Client{Name: "unnamed service", Exposition: &Exposition{Format: OTLP}, Most: maxKept, families: make(map[form]int)}
	if service != "" {
		c.Name = short(service)
	}
	if instance != "" {
		c.Name += " " + short(instance)
	}
	return c
}

// Add takes the next export. It may be a part of the metrics only, so what is
// not in it is kept.
func (c *Client) Add(checker Checker, metrics iter.Seq[Metric]) {
	next := checker.decode(metrics)
	all := &c.Exposition.problems
	for _, found := range next.problems.list {
		all.add(found)
	}
	for _, family := range next.Families {
		key := form{family.name, family.kind == ExponentialHistogram}
		i, ok := c.families[key]
		if !ok {
			if size := family.size(); len(c.families) == maxFamilies || c.kept+size > c.Most {
				all.add(tooMuch(family.name, c.Most))
			} else {
				c.families[key] = len(c.Exposition.Families)
				c.Exposition.Families = append(c.Exposition.Families, family)
				c.kept += size
			}
			continue
		}
		before := c.Exposition.Families[i]
		if before.temporality == Cumulative && family.temporality == Cumulative {
			for _, found := range checker.Compare(&Exposition{Format: OTLP, Families: []*Family{before}}, &Exposition{Format: OTLP, Families: []*Family{family}}) {
				if found.Rule != Vanished {
					all.add(found)
				}
			}
		}
		family.samples = merge(before.samples, family.samples)
		grown := family.size() - before.size()
		if c.kept+grown > c.Most {
			all.add(tooMuch(family.name, c.Most))
			continue
		}
		c.kept += grown
		c.Exposition.Families[i] = family
	}
}

// Kept is how many bytes of series are kept, roughly.
func (c *Client) Kept() int64 { return c.kept }

// merge puts the samples that are not there any more behind the new ones.
func merge(before, after []sample) []sample {
	var keys seriesKeys
	there := make(map[seriesKey]struct{}, len(after))
	for _, s := range after {
		there[keys.of(s)] = struct{}{}
	}
	return append(slices.Clip(after), slices.DeleteFunc(slices.Clone(before), func(s sample) bool {
		_, ok := there[keys.of(s)]
		return ok
	})...)
}
