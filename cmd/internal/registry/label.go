package registry

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// label makes a label of the use of an attribute.
func (l *loader) label(u use, name string) (contract.Label, bool) {
	definition := &u.attribute
	if u.Ref != "" || definition.Type.Kind == 0 {
		var ok bool
		if definition, ok = u.from.attribute(name); !ok {
			l.add(u.file, u.node, "the attribute %q is not defined%s", short(name), lacks(u.from))
			return contract.Label{}, false
		}
	}
	label := contract.Label{ID: name, Help: contract.Sentence(definition.Brief)}
	if u.Brief != "" {
		label.Help = contract.Sentence(u.Brief)
	}
	l.terms(definition.file, definition.node, &label.Terms, definition.Stability, definition.Deprecated)
	l.terms(u.file, u.node, &label.Terms, u.Stability, u.Deprecated)
	label.Level = l.level(u.file, u.Level)
	l.kind(definition, &label)
	for _, a := range []*attribute{definition, &u.attribute} {
		l.annotateLabel(a, &label)
	}
	return label, true
}

// kind reads the type, which may be a list of members.
func (l *loader) kind(a *attribute, label *contract.Label) {
	if a.Type.Kind == yaml.MappingNode {
		l.members(a, label)
		return
	}
	kind := a.Type.Value
	if inner, ok := strings.CutPrefix(kind, "template["); ok {
		label.Template = true
		kind = strings.TrimSuffix(inner, "]")
	}
	switch kind {
	case "string", "int", "double", "boolean":
		if !label.Template {
			label.Type = kind
		}
	case "string[]", "int[]", "double[]", "boolean[]", "any", "enum":
	default:
		l.add(a.file, &a.Type, "unknown type %q: want string, int, double, boolean, any, a list such as string[], template[string] or members", short(kind))
	}
	if label.Template {
		label.ID += "."
	}
}

func (l *loader) members(a *attribute, label *contract.Label) {
	var e enumeration
	l.unknown(a.file, &a.Type, e)
	if err := a.Type.Decode(&e); err != nil {
		l.add(a.file, &a.Type, "%s", problem(err))
		return
	}
	label.Enumerated = e.AllowCustomValues == nil || *e.AllowCustomValues
	label.Closed = !label.Enumerated
	for _, member := range e.Members {
		if member.Value.Kind != yaml.ScalarNode {
			l.add(a.file, &a.Type, "the member %q has no value", short(member.ID))
			continue
		}
		value := contract.Value{Text: member.Value.Value}
		l.terms(a.file, &member.Value, &value.Terms, member.Stability, member.Deprecated)
		// That a value is in development is as good as said by its attribute.
		value.Stability = ""
		label.Values = append(label.Values, value)
	}
}

// annotateLabel reads what annotations say of a label.
func (l *loader) annotateLabel(a *attribute, label *contract.Label) {
	if p := a.Annotations.Prometheus; p != nil && p.LabelName != "" {
		label.Key = p.LabelName
	}
	own := a.Annotations.Contract
	if own == nil {
		return
	}
	if own.Name != "" {
		label.Key = own.Name
	}
	if own.Budget > 0 {
		label.Budget = own.Budget
	}
	if own.Closed {
		label.Closed, label.Enumerated = true, false
	}
	if own.Values != nil {
		label.Values = nil
		for _, text := range own.Values {
			label.Values = append(label.Values, contract.Value{Text: text})
		}
	}
	for _, text := range own.Required {
		i := slices.IndexFunc(label.Values, func(v contract.Value) bool { return v.Text == text })
		if i < 0 {
			label.Values = append(label.Values, contract.Value{Text: text})
			i = len(label.Values) - 1
		}
		label.Values[i].Level = contract.Required
	}
}
