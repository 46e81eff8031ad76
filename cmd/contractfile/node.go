package contractfile

import (
	"math"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/internal/spelling"
)

// key is a key of an object in the file: how its value is read, and its schema.
type key[T any] struct {
	name     string
	required bool
	schema   schema
	read     func(*reader, value, *T)
}

// readObject reads the keys of a mapping in the order of the list, whatever
// their order in the file.
func readObject[T any](r *reader, v value, keys []key[T], to *T) {
	entries, ok := r.entries(v)
	if !ok {
		return
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
		at := slices.IndexFunc(entries, func(e entry) bool { return e.name == k.name })
		switch {
		case at >= 0:
			k.read(r, entries[at].value, to)
		case k.required:
			missing := value{v.Node, join(v.path, k.name)}
			if place := r.places[v.path]; place != nil {
				missing.Node = place
			}
			r.bad(missing, "%q is missing: add it", k.name)
		}
	}
	for _, e := range entries {
		if !slices.Contains(names, e.name) {
			r.bad(value{r.places[e.path], e.path}, "unknown key %q: %s", short(e.name), spelling.Remedy(e.name, names))
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// entries returns those of a mapping, in order and each once. The place of an
// entry is that of its key.
func (r *reader) entries(v value) ([]entry, bool) {
	if !r.is(v, yaml.MappingNode, "a mapping of names to values") {
		return nil, false
	}
	var entries []entry
	lines := make(map[string]int)
	for i := 0; i+1 < len(v.Content); i += 2 {
		k := v.Content[i]
		name := k.Value
		path := join(v.path, name)
		switch {
		case k.Kind != yaml.ScalarNode || k.Tag == "!!merge" || k.Tag == "!!null":
			r.bad(value{k, v.path}, "a key is not a name: write names, without << and aliases")
		case lines[name] > 0:
			r.bad(value{k, path}, "%q occurs twice: the first is in line %d", short(name), lines[name])
		default:
			lines[name] = k.Line
			r.places[path] = k
			entries = append(entries, entry{name, value{v.Content[i+1], path}})
		}
	}
	return entries, true
}

func (r *reader) is(v value, kind yaml.Kind, want string) bool {
	switch {
	case v.Kind == kind && (kind != yaml.ScalarNode || v.Tag != "!!null"):
		return true
	case v.Kind == yaml.AliasNode:
		r.bad(v, "*%s is an alias, which is not followed: write its value instead", short(v.Value))
	default:
		r.bad(v, "this is %s: write %s", what(v.Node), want)
	}
	return false
}

func what(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "empty"
	default:
		return strconv.Quote(short(n.Value))
	}
}

// text returns a scalar as it is written, so that a value such as 200 or true
// needs no quotes.
func (r *reader) text(v value, want string) (string, bool) {
	if !r.is(v, yaml.ScalarNode, want) {
		return "", false
	}
	if !slices.Contains([]string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!merge"}, v.Tag) {
		r.bad(v, "the type %s is unknown: write %s", short(v.Tag), want)
		return "", false
	}
	r.places[v.path] = v.Node
	return v.Value, true
}

// option returns one of the texts that are known.
func (r *reader) option(v value, kind string, known []string) (string, bool) {
	got, ok := r.text(v, "one of them")
	if ok && !slices.Contains(known, got) {
		r.bad(v, "unknown %s %q: %s", kind, short(got), spelling.Remedy(got, known))
		return "", false
	}
	return got, ok
}

func (r *reader) number(v value) (float64, bool) {
	got, ok := r.text(v, "a number")
	if !ok {
		return 0, false
	}
	var number float64
	if err := v.Decode(&number); err != nil || v.Tag != "!!int" && v.Tag != "!!float" {
		r.bad(v, "%q is not a number: write one such as 0.5", short(got))
		return 0, false
	}
	return number, true
}

func (r *reader) whole(v value) (int, bool) {
	number, ok := r.number(v)
	if ok && (number != math.Trunc(number) || math.Abs(number) > math.MaxInt32) {
		r.bad(v, "%s is not a whole number of a sensible size", short(v.Value))
		return 0, false
	}
	return int(number), ok
}

// list reads each item of a list. Items that are wrong are left out, and then
// the list counts as wrong.
func list[T any](r *reader, v value, want string, read func(value) (T, bool)) []T {
	if !r.is(v, yaml.SequenceNode, want) {
		return nil
	}
	r.places[v.path] = v.Node
	var all []T
	for i, node := range v.Content {
		item := value{node, index(v.path, i)}
		r.places[item.path] = node
		if one, ok := read(item); ok {
			all = append(all, one)
		} else {
			r.wrong[v.path] = true
		}
	}
	return all
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func (r *reader) texts(v value) []string {
	return list(r, v, "a list such as [one, two]", func(item value) (string, bool) { return r.text(item, "a text") })
}

// names are texts that must be known.
func (r *reader) names(v value, kind string, known []string) []string {
	return list(r, v, "a list of names", func(item value) (string, bool) { return r.option(item, kind, known) })
}

// short keeps hostile texts from filling a screen.
func short(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
