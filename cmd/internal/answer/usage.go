package answer

import (
	"slices"
	"strings"
)

// usage is the usage that an answer states for all its models.
type usage struct {
	own    statement
	models []modelSpent // where it says so by model; own is empty then
	rest   spent        // on models that are not in models
	// nothing: it says that nothing was spent.
	nothing bool
	// misread: it was stated, and could not be understood.
	misread bool
}

// spent is the usage of one model.
type spent struct {
	tokens Tokens
	cost   cost
}

// modelSpent is the usage of the model with this name.
type modelSpent struct {
	name, tier string
	spent
}

func (s *spent) add(other spent) {
	s.tokens.add(other.tokens)
	if other.cost.stated {
		s.cost = cost{s.cost.usd + other.cost.usd, true}
	}
}

func (s *statement) spent() spent { return spent{s.tokens(), s.cost} }

// readUsage reads a usage: of one model, or an object of models.
func (s *state) readUsage(name string, v value) {
	switch {
	case !v.stated():
		return
	case !v.isObject():
		s.refuse(name, v, "an object")
		s.usage.misread = true
		return
	case v.empty():
		s.usage.nothing = !s.streamed
		return
	}
	s.readTier(usageTier(v)) // Anthropic, Gemini
	if s.readCounts(&s.usage.own, name, v) {
		s.usage.models, s.usage.rest = nil, spent{}
		s.noteOutput(&s.usage.own)
		return
	}
	models, rest := s.readModels(name, v)
	if len(models) == 0 && !rest.tokens.Stated() && !rest.cost.stated {
		s.usage.misread = s.usage.misread || !inOtherUnits(v)
		return
	}
	s.usage.own, s.usage.models, s.usage.rest = statement{}, models, rest
	s.lateUsage = true
}

// noteOutput notes a statement of the output that is not the one before the
// first content.
func (s *state) noteOutput(st *statement) {
	if s.content && !s.lateUsage && st.tokens()[output].Stated {
		s.lateUsage = true
	}
}

// readModels reads the usage of several models by their names. Of very many
// models, the names of some are not kept.
func (s *state) readModels(name string, v value) (models []modelSpent, rest spent) {
	const most, longest = 64, 256
	for m := v.members(); m.next(); {
		var st statement
		if !m.value.isObject() || !s.readCounts(&st, name, m.value) {
			continue
		}
		one := st.spent()
		at := slices.IndexFunc(models, func(known modelSpent) bool { return known.name == string(m.name) })
		switch {
		case at >= 0:
			models[at].spent, models[at].tier = one, tierName(usageTier(m.value).String())
		case len(m.name) == 0 || len(m.name) > longest || len(models) == most:
			rest.add(one)
		default:
			models = append(models, modelSpent{string(m.name), tierName(usageTier(m.value).String()), one})
		}
	}
	return models, rest
}

// readCounts reads the usage of one model, and reports whether it states any
// count or cost that is known.
func (s *state) readCounts(st *statement, name string, v value) bool {
	some := false
	var seen fields
	for m := v.members(); m.next(); {
		if around := containerOf(m.name); around != "" {
			for inner := m.value.members(); inner.next(); {
				if f, ok := fieldOf(around, inner.name); ok && seen.first(f) {
					some = s.readCount(st, f, inner.value, name, around, inner.name) || some
				}
			}
			continue
		}
		if f, ok := topField(m.name); ok {
			if !seen.first(f) {
				continue
			}
			read := s.readCount(st, f, m.value, name, "", m.name)
			some = some || read && f != totalTokens
			continue
		}
		switch string(m.name) {
		case "cost", "cost_usd", "total_cost", "estimated_cost":
			some = s.readCost(st, m.value, name, m.name) || some
		}
	}
	return some
}

func (s *state) readCount(st *statement, f field, v value, name, around string, member []byte) bool {
	if !v.stated() {
		return false
	}
	n, ok := parseTokens(v)
	if !ok {
		s.refuse(path(name, around, string(member)), v, "a non-negative integer of sensible size")
		return false
	}
	st.set(f, n)
	return true
}

// readCost reads the cost of a usage, which is an object with a total for
// Perplexity.
func (s *state) readCost(st *statement, v value, name string, member []byte) bool {
	if v.isObject() {
		v = v.at("total_cost")
	}
	if !v.stated() {
		return false
	}
	usd, ok := parseCost(v)
	if !ok {
		s.refuse(path(name, "", string(member)), v, "a non-negative number of sensible size")
		return false
	}
	st.setCost(usd)
	return true
}

// path returns the names that are not empty, joined by dots.
func path(names ...string) string {
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	return strings.Join(names, ".")
}
