package prices

import "strings"

// batches is the service tier of batches as the list spells it, which answers
// call batch.
const batches = "batches"

// tierOf returns how the list spells the service tier of an answer.
func tierOf(stated string) string {
	tier := strings.ToLower(strings.TrimSpace(stated))
	if tier == "batch" {
		return batches
	}
	return tier
}

// isTier reports whether a suffix in the list is a service tier that answers
// state. Others, such as the 1hr of cache writes, are conditions of another kind.
func isTier(suffix string) bool {
	switch suffix {
	case batches, "flex", "priority", "ultrafast":
		return true
	default:
		return false
	}
}
