package conformance

import (
	"math"
	"strconv"
	"strings"
)

// invalid returns which values the format allows, if it does not allow this one, or
// else "".
func invalid(format Format, kind, suffix string, value float64) string {
	om := format == OpenMetrics
	const counted, number = "one that is not negative", "a number"
	var allowed string
	switch kind + suffix {
	case "counter", "counter_total",
		"histogram_bucket", "histogram_count", "gaugehistogram_bucket", "gaugehistogram_gcount", "summary_count":
		allowed = counted
	case "histogram_sum", "summary_sum":
		if om {
			allowed = counted
		}
	case "gaugehistogram_gsum":
		allowed = number
	case "summary":
		if om && value < 0 {
			return counted
		}
	case "info_info":
		if value != 1 {
			return "1"
		}
	case "stateset":
		if value != 0 && value != 1 {
			return "0 or 1"
		}
	}
	switch {
	case allowed == "":
		return ""
	case math.IsNaN(value):
		return number
	case allowed == counted && value < 0:
		return counted
	default:
		return ""
	}
}

// labels checks the labels that a type asks for, and reports whether the sample
// can be judged further.
func (j *judge) labels(f *Family, s sample, suffix string) bool {
	missing := func(label, of string) bool {
		j.wrong(MissingLabel, f, s, s.at, "", `the label `+strconv.Quote(short(label))+` is missing`+of)
		return false
	}
	key := f.inner(suffix)
	if key == "" {
		return true
	}
	l, ok := s.label(key)
	switch {
	case !ok && f.kind == "stateset":
		return missing(key, ": it names the state")
	case !ok:
		return missing(key, "")
	case f.kind == "stateset":
		return true
	}
	// What is no number is a mistake of the syntax, which the parser reports.
	value, err := strconv.ParseFloat(l.value, 64)
	switch {
	case err != nil:
		return false
	case f.kind == "summary" && !(value >= 0 && value <= 1):
		severity := Error
		if j.format == Text {
			severity = Warning // Prometheus takes it there, and some count to a hundred.
		}
		j.about(severity, InvalidValue, f, s, l.at, "", "the quantile is "+strconv.Quote(short(l.value))+", want one from 0 to 1")
		return false
	case math.IsNaN(value):
		j.wrong(InvalidValue, f, s, l.at, "", "the bound is NaN, want a number")
		return false
	case j.om() && math.IsInf(value, 1) && l.value != "+Inf":
		j.wrong(InvalidValue, f, s, l.at, "", "the bound is "+strconv.Quote(short(l.value))+`, want "+Inf"`)
		return false
	case j.om() && f.bucketed() && l.value != canonical(value):
		j.about(Warning, BucketSpelling, f, s, l.at, "", "the bound is written "+strconv.Quote(short(l.value))+", want "+strconv.Quote(canonical(value))+" in OpenMetrics")
	}
	return true
}

// canonical writes a bound as OpenMetrics asks for.
func canonical(bound float64) string {
	text := number(bound)
	if !math.IsInf(bound, 0) && !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}
