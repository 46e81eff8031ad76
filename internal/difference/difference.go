// Package difference compares values in tests and says what differs, a line for each part. It is small so that the
// library requires no module for it.
package difference

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Of returns the lines of want that got does not have, with a minus, and those that only got has, with a plus.
// It returns nothing if the two are equal: an empty list is like none, and NaN equals NaN.
//
// A text has its own lines. Anything else has a line for each number, text or truth value in it.
func Of(want, got any) string {
	var b strings.Builder
	before, after := lines(want), lines(got)
	for len(before) > 0 || len(after) > 0 {
		switch {
		case len(before) > 0 && len(after) > 0 && before[0] == after[0]:
			before, after = before[1:], after[1:]
		case len(before) > 0 && !slices.Contains(after, before[0]):
			fmt.Fprintf(&b, "- %s\n", before[0])
			before = before[1:]
		case len(after) > 0 && !slices.Contains(before, after[0]):
			fmt.Fprintf(&b, "+ %s\n", after[0])
			after = after[1:]
		default: // both have the line, in another order
			fmt.Fprintf(&b, "- %s\n+ %s\n", before[0], after[0])
			before, after = before[1:], after[1:]
		}
	}
	return b.String()
}

func lines(value any) []string {
	if text, ok := value.(string); ok {
		return strings.Split(text, "\n")
	}
	var out []string
	walk("", reflect.ValueOf(value), &out)
	return out
}

// walk adds the parts of a value, each with the path to it.
func walk(path string, v reflect.Value, out *[]string) {
	if v.IsValid() && v.CanInterface() {
		if moment, ok := reflect.TypeAssert[time.Time](v); ok { // the zone makes no difference
			*out = append(*out, fmt.Sprintf("%s: %s", path, moment.UTC().Format(time.RFC3339Nano)))
			return
		}
	}
	switch v.Kind() {
	case reflect.Invalid:
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			walk(path, v.Elem(), out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			walk(path+"."+v.Type().Field(i).Name, v.Field(i), out)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i), out)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		for _, key := range keys {
			at := fmt.Sprintf("%s[%v]", path, key)
			*out = append(*out, at) // an empty value is a difference to none
			walk(at, v.MapIndex(key), out)
		}
	case reflect.String:
		*out = append(*out, fmt.Sprintf("%s: %q", path, v.String()))
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		*out = append(*out, fmt.Sprintf("%s: %t", path, v.IsNil()))
	case reflect.Float32, reflect.Float64:
		*out = append(*out, fmt.Sprintf("%s: %v", path, v.Float()+0)) // minus zero equals zero
	default:
		*out = append(*out, fmt.Sprintf("%s: %v", path, v))
	}
}
