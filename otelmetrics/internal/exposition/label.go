package exposition

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"
)

// labels translates attributes to labels. To make a description costs more than all else, and most series of a metric
// have the same label names, so that one is kept for each metric and its label names.
type labels struct {
	namer otlptranslator.LabelNamer
	names map[attribute.Key]string
	descs map[string]*prometheus.Desc
}

// most is how many names and descriptions are kept. There are more only if attribute keys are made up at run time.
const most = 10_000

func newLabels() *labels {
	return &labels{names: make(map[attribute.Key]string), descs: make(map[string]*prometheus.Desc)}
}

// describe returns the description of the series of a metric, and the values of its labels.
func (l *labels) describe(metric, help string, attrs attribute.Set) (*prometheus.Desc, []string, error) {
	var buffer [8]string // with the names, so that they need no memory of their own while the description is known
	names, values := buffer[:0], make([]string, 0, attrs.Len())
	key := append(make([]byte, 0, 128), metric...)
	joined := false
	for iter := attrs.Iter(); iter.Next(); {
		kv := iter.Attribute()
		name, err := l.name(kv.Key)
		if err != nil {
			return nil, nil, err
		}
		joined = joined || slices.Contains(names, name)
		names, values = append(names, name), append(values, kv.Value.String())
		key = append(append(key, 0xff), name...)
	}
	if joined {
		names, values = join(names, values)
		key = append(key, strings.Join(names, "\xfe")...)
	}
	desc, ok := l.descs[string(key)]
	if !ok {
		if len(l.descs) >= most {
			clear(l.descs)
		}
		desc = prometheus.NewDesc(metric, help, slices.Clone(names), nil)
		l.descs[string(key)] = desc
	}
	return desc, values, nil
}

// name returns the name of the label of an attribute.
func (l *labels) name(key attribute.Key) (string, error) {
	if name, ok := l.names[key]; ok {
		return name, nil
	}
	name, err := l.namer.Build(string(key))
	if err != nil {
		return "", err
	}
	if len(l.names) >= most {
		clear(l.names)
	}
	l.names[key] = name
	return name, nil
}

// join makes one label of those whose keys have become the same name, as the specification says.
func join(names, values []string) (joinedNames, joinedValues []string) {
	byName := make(map[string][]string)
	for i, name := range names {
		byName[name] = append(byName[name], values[i])
		if !slices.Contains(joinedNames, name) {
			joinedNames = append(joinedNames, name)
		}
	}
	for _, name := range joinedNames {
		slices.Sort(byName[name])
		joinedValues = append(joinedValues, strings.Join(byName[name], ";"))
	}
	return joinedNames, joinedValues
}
