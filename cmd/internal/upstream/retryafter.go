package upstream

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// retryAfter returns how long the sender of a header asks to be left alone, in
// one of the two forms of RFC 9110 §10.2.3. It is 0 if the header does not say.
func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil {
		return time.Duration(min(seconds, math.MaxInt64/uint64(time.Second))) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(date))
	}
	return 0
}
