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

// The places of the two values that every label has.
const (
	other = iota
	unknown
	reserved
)

// Values are the values that one label has in this process. They are safe for
// concurrent use.
type Values struct {
	label    views.Label
	overflow func(key, value string)

	// index is replaced, never changed, so that a look-up needs no lock.
	index atomic.Pointer[index]

	mu    sync.Mutex
	texts []string
}

// NewValues returns the values of a label, the well-known ones in it. overflow
// is called for every measurement whose value is recorded as other because it
// is over the budget or not allowed; it may be called concurrently.
func NewValues(label views.Label, overflow func(key, value string)) *Values {
	v := &Values{label: label, overflow: overflow, texts: make([]string, reserved)}
	v.texts[other], v.texts[unknown] = views.Other, views.Unknown
	places := map[string]int{views.Other: other, views.Unknown: unknown, "": unknown}
	for _, value := range label.Values {
		if _, ok := places[value]; !ok {
			places[value] = len(v.texts)
			v.texts = append(v.texts, value)
		}
	}
	v.index.Store(newIndex(places))
	return v
}

// places that the label can have.
func (v *Values) size() int { return v.label.Budget + reserved }

// place returns the place of the value: 0 to size()-1.
func (v *Values) place(value string) int {
	if place, ok := v.index.Load().find(value); ok {
		return place
	}
	return v.admit(value)
}

// admit gives a new value a place, if there is one left. What is not admitted
// is not remembered: memory stays bounded whatever is measured.
func (v *Values) admit(value string) int {
	text := clean(value)
	v.mu.Lock()
	places := v.index.Load().places
	place, ok := places[text]
	if !ok && !v.label.Closed && len(v.texts) < v.size() {
		place, ok = len(v.texts), true
		text = strings.Clone(text) // do not keep the caller's larger string alive
		v.texts = append(v.texts, text)
		places = maps.Clone(places)
		places[text] = place
		v.index.Store(newIndex(places))
	}
	v.mu.Unlock()
	if !ok {
		v.overflow(v.label.Key, text)
		return other
	}
	return place
}

// text returns the value at a place.
func (v *Values) text(place int) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.texts[place]
}

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

// Bounded returns the value as it is recorded.
func (v *Values) Bounded(value string) string { return v.text(v.place(value)) }
