package usage

import (
	"math"
	"strconv"
	"strings"
)

// What no answer takes, so that a wrong number does not spoil a counter for
// good: counters are never corrected.
const (
	maxCount = 1 << 40
	maxCost  = 1e9
)

// parseCount reads a count as JSON or a header writes it. Python adds up floats
// too, so that a whole number may be written as 12.0.
func parseCount(s string) (int64, bool) {
	amount, ok := parseAmount(s)
	if !ok || amount != math.Trunc(amount) || amount > maxCount {
		return 0, false
	}
	return int64(amount), true
}

// parseAmount reads a decimal number, 1e-05 included, which is how Python writes
// a small one. Signs and what else strconv takes (NaN, Inf, 0x1p-2) are refused.
func parseAmount(s string) (float64, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' || strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, false
	}
	amount, err := strconv.ParseFloat(s, 64)
	return amount, err == nil
}
