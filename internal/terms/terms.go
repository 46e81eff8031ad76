// Package terms has the words by which a contract says how firm its promise of
// a metric is.
package terms

// The requirement levels: whether something must be there.
const (
	Required    = "required"
	Recommended = "recommended"
	Optional    = "optional"
)

// Levels returns the requirement levels.
func Levels() []string { return []string{Required, Recommended, Optional} }

// Stable is the stability of what does not change any more.
const Stable = "stable"

// Stabilities returns the words for how much something may still change, which
// are those of OpenTelemetry's document status.
func Stabilities() []string {
	return []string{"development", "alpha", "beta", "release_candidate", Stable}
}
