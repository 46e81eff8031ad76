// Package label keeps label values within their budgets and finds the series of
// a combination of values without a lock or an allocation.
package label

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// MaxLength is the longest label value in bytes; what is longer is cut. It is
// far above real values and far below what backends refuse.
const MaxLength = 128

// value is a value that a label has. The place of one that was forgotten is
// given to another value: whoever finds something by place sees by its owner
// whether it is still that of the value.
type value struct {
	text      string
	place     int
	wellKnown bool
	forgotten atomic.Bool
}

// Values are the values that one label has in this process. They are safe for
// concurrent use.
type Values struct {
	label    views.Label
	overflow func(key, value string)
	other    *value

	// index is replaced, never changed, so that a look-up needs no lock.
	index atomic.Pointer[index]

	mu     sync.Mutex
	places []*value
	free   []int
}

// NewValues returns the values of a label, the well-known ones in it. overflow
// is called for every measurement whose value is recorded as other because it
// is over the budget, not allowed, or one of too many combinations; it may be
// called concurrently.
func NewValues(label views.Label, overflow func(key, value string)) *Values {
	v := &Values{label: label, overflow: overflow}
	known := make(map[string]*value)
	for _, text := range append([]string{views.Other, views.Unknown}, label.Values...) {
		if known[text] == nil {
			known[text] = v.add(text)
			known[text].wellKnown = true
		}
	}
	v.other, known[""] = known[views.Other], known[views.Unknown]
	v.index.Store(newIndex(known))
	return v
}

// reserved are the places of the two values that every label has.
const reserved = 2

// size returns how many places the label can have.
func (v *Values) size() int { return v.label.Budget + reserved }

// add gives a text a place.
func (v *Values) add(text string) *value {
	added := &value{text: text, place: len(v.places)}
	if last := len(v.free) - 1; last >= 0 {
		added.place, v.free = v.free[last], v.free[:last]
		v.places[added.place] = added
	} else {
		v.places = append(v.places, added)
	}
	return added
}

// find returns the value that is recorded for the text.
func (v *Values) find(text string) *value {
	if found, ok := v.index.Load().find(text); ok {
		return found
	}
	return v.admit(text)
}

// admit gives a new value a place, if there is one left. What is not admitted
// is not remembered: memory stays bounded whatever is measured.
func (v *Values) admit(raw string) *value {
	text := clean(raw)
	v.mu.Lock()
	values := v.index.Load().values
	found := values[text]
	if found == nil && !v.label.Closed && (len(v.places) < v.size() || len(v.free) > 0) {
		text = strings.Clone(text) // do not keep the caller's larger string alive
		found = v.add(text)
		values = maps.Clone(values)
		values[text] = found
		v.index.Store(newIndex(values))
	}
	v.mu.Unlock()
	if found == nil {
		v.overflow(v.label.Key, text)
		return v.other
	}
	return found
}

// instead returns other, and tells that the value is recorded as it, if there is
// one.
func (v *Values) instead(value *value) *value {
	if value != v.other && value.text != views.Unknown {
		v.overflow(v.label.Key, value.text)
	}
	return v.other
}

// Forget frees the place of a value for another one. Well-known values stay. It
// may be called while the value is measured: what is found already stays valid,
// and who asks again gets a place as for a new value.
func (v *Values) Forget(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	values := v.index.Load().values
	found := values[text]
	if found == nil || found.wellKnown {
		return
	}
	values = maps.Clone(values)
	delete(values, text)
	v.index.Store(newIndex(values))
	found.forgotten.Store(true)
	v.free = append(v.free, found.place)
}

// Bounded returns the value as it is recorded.
func (v *Values) Bounded(text string) string { return v.find(text).text }

// clean makes any bytes a legal label value: valid UTF-8 without control
// characters and at most MaxLength bytes. It returns unknown for what has
// nothing in it.
func clean(value string) string {
	if strings.TrimSpace(value) == "" {
		return views.Unknown
	}
	if len(value) > MaxLength {
		cut := MaxLength
		for cut > MaxLength-utf8.UTFMax && !utf8.RuneStart(value[cut]) {
			cut--
		}
		value = value[:cut]
	}
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r // Map has made invalid bytes U+FFFD already
	}, value)
	if len(value) > MaxLength { // replacement characters take three bytes each
		return clean(value)
	}
	return value
}
