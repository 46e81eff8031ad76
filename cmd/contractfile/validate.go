package contractfile

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/internal/invalid"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// validate reports the errors of the contract with their places in the file. It
// leaves out errors that follow from an error that was reported already.
func (r *reader) validate() {
	err := r.contract.Validate()
	if err == nil {
		return
	}
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		r.mistake(1, 1, err.Error())
		return
	}
	for _, err := range all.Unwrap() {
		found, ok := errors.AsType[*invalid.Error](err)
		if !ok {
			r.mistake(1, 1, err.Error())
			continue
		}
		if place := r.place(found); place != nil {
			r.mistake(place.Line, place.Column, err.Error())
		}
	}
}

// place returns the smallest part of the file that an error is about. It is nil if
// another error was already reported there.
func (r *reader) place(m *invalid.Error) *yaml.Node {
	entry := r.entry(m)
	if r.wrong[entry] || r.wrong[join(entry, "kind")] {
		return nil
	}
	for _, path := range r.paths(entry, m) {
		if r.wrong[path] {
			return nil
		}
		if place := r.places[path]; place != nil {
			return place
		}
	}
	return &yaml.Node{} // of the file
}

// entry is the path of the metric or the label. What occurs twice is the own one.
func (r *reader) entry(m *invalid.Error) string {
	name, section := m.Metric, "metrics"
	if m.Label != "" || m.Metric == "" {
		name, section = m.Label, "labels"
	}
	if own := join("own_"+section, name); r.places[own] != nil {
		return own
	}
	return join(section, name)
}

// paths are the places of a field, the narrowest first.
func (r *reader) paths(entry string, m *invalid.Error) []string {
	keys := []string{strings.ToLower(m.Field)}
	switch m.Field {
	case "Values", "Budget":
		if m.Field == "Values" {
			keys = nil
		}
		keys = append(keys, "only", "values", "add")
	case "Key", "Name":
		keys = nil
	}
	var paths []string
	for _, key := range keys {
		path := join(entry, key)
		place := r.places[path]
		if place == nil && !r.wrong[path] {
			continue
		}
		if m.Index >= 0 && place != nil {
			at := m.Index
			if documented := documentedLabel(m.Label); documented != nil && key == "add" {
				at -= len(documented.Values)
			}
			paths = append(paths, index(path, at))
		}
		paths = append(paths, path)
	}
	return append(paths, entry)
}

// documentedLabel returns the label as [views.Default] has it, or nil.
func documentedLabel(key string) *views.Label {
	contract := views.Default()
	return contract.Labels.Named(key)
}
