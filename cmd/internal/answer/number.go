package answer

import (
	"math"
	"strconv"
	"strings"
)

// What no answer takes, so that a wrong number does not spoil a counter: counters
// are never corrected.
const (
	maxCount = 1 << 40
	maxCost  = 1e9
)

// parseCount reads a count as JSON or a header writes it. Python adds up floats
// too, so a whole number may be written as 12.0.
func parseCount[T ~string | ~[]byte](text T) (int64, bool) {
	if n, ok := parseDigits(text); ok {
		return n, n <= maxCount
	}
	amount, ok := parseAmount(string(text))
	if !ok || amount != math.Trunc(amount) || amount > maxCount {
		return 0, false
	}
	return int64(amount), true
}

// parseTokens reads a count of a usage: a number, or a string with one, which is how
// protobuf's JSON has numbers of 64 bits.
func parseTokens(v value) (int64, bool) {
	if v.isString() {
		return parseCount(trim(v.content()))
	}
	return parseCount(v)
}

// parseDigits reads what nearly every count is.
func parseDigits[T ~string | ~[]byte](text T) (int64, bool) {
	const most = 15
	if len(text) == 0 || len(text) > most {
		return 0, false
	}
	var n int64
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = 10*n + int64(text[i]-'0')
	}
	return n, true
}

// parseAmount reads a decimal number, 1e-05 included, which is how Python writes
// a small one. Signs and what else strconv takes (NaN, Inf, 0x1p-2) are refused.
func parseAmount(text string) (float64, bool) {
	const longest = 64
	if text == "" || len(text) > longest || text[0] < '0' || text[0] > '9' || strings.Trim(text, "0123456789.eE+-") != "" {
		return 0, false
	}
	amount, err := strconv.ParseFloat(text, 64)
	return amount, err == nil
}

// parseCost reads an amount of US dollars: a number, or a string with one.
func parseCost(v value) (float64, bool) {
	text := v
	if v.isString() {
		text = trim(v.content())
	}
	cost, ok := parseAmount(string(text))
	return cost, ok && cost <= maxCost
}
