package views

import "slices"

// Level says whether something must be there. The view does not look at it; the
// command check does.
type Level string

// The levels. The empty one is the default: a metric is recommended, a label
// required, a value optional.
const (
	Required    Level = "required"
	Recommended Level = "recommended"
	Optional    Level = "optional"
)

// Levels returns those that can be said.
func Levels() []Level { return []Level{Required, Recommended, Optional} }

// Terms are what a contract says of a metric beside its definition. The zero
// value says nothing.
type Terms struct {
	// Level says whether it must be there.
	Level Level
	// Stability is one of [Stabilities], of OpenTelemetry's document status.
	Stability string
	// Deprecated says why it should not be used any more; empty if it may be.
	Deprecated string
	// Replacement is what to use instead of what is deprecated, if there is
	// something.
	Replacement string
}

// Stable is the stability of what does not change any more.
const Stable = "stable"

// Stabilities returns the words for how much something may still change.
func Stabilities() []string {
	return []string{"development", "alpha", "beta", "release_candidate", Stable}
}

func (t Terms) validate(bad *mistakes) {
	if t.Level != "" && !slices.Contains(Levels(), t.Level) {
		bad.add("Level", -1, "level %q is none of required, recommended and optional", t.Level)
	}
	if t.Stability != "" && !slices.Contains(Stabilities(), t.Stability) {
		bad.add("Stability", -1, "stability %q is none of %q", t.Stability, Stabilities())
	}
	if t.Replacement != "" && t.Deprecated == "" {
		bad.add("Replacement", -1, "replacement %q is of a metric that is not deprecated: say why it is", t.Replacement)
	}
}
