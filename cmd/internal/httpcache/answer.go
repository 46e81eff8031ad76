package httpcache

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Freshness is how long an answer can be used without asking again.
type Freshness struct {
	// Age is how old the answer was when it came, by RFC 9111 §4.2.3.
	Age time.Duration
	// Lifetime is how long it is fresh since it was made.
	Lifetime time.Duration
}

// Left returns how long the answer is fresh from when it came.
func (f Freshness) Left() time.Duration { return f.Lifetime - f.Age }

// FreshnessOf returns how long a shared cache may give the answer to others. It is
// nothing, or less, where the answer forbids that, is stale already, or says what
// cannot be understood. An answer that says nothing is fresh for ttl, which also
// bounds what it says. It came at the given time, after the delay since it was
// asked for.
func FreshnessOf(header http.Header, ttl time.Duration, came time.Time, delay time.Duration) Freshness {
	found, err := parseDirectives(header)
	if err != nil || pragmaNoCache(header) || setsCookie(header) {
		return Freshness{}
	}
	// With field names as their values, no-cache and private are about these
	// fields only, but a cache may take them for the whole answer.
	if slices.ContainsFunc([]string{"no-store", "no-cache", "private"}, found.has) {
		return Freshness{}
	}
	made := came
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		made = date
	}
	lifetime, stated := statedLifetime(found, header, made)
	if !stated {
		lifetime = ttl
	}
	return Freshness{Age: age(header, made, came, delay), Lifetime: min(lifetime, ttl)}
}

// setsCookie reports whether the answer has a field for one client only, whatever
// its value.
func setsCookie(header http.Header) bool { return len(header["Set-Cookie"]) > 0 }

// statedLifetime returns the lifetime that the answer states, which is none where
// what it states is not valid.
func statedLifetime(found directives, header http.Header, made time.Time) (lifetime time.Duration, stated bool) {
	for _, name := range []string{"s-maxage", "max-age"} { // In the order in which they count.
		if found.has(name) {
			lifetime, _ = found.seconds(name)
			return lifetime, true
		}
	}
	expires := header.Values("Expires")
	if len(expires) == 0 {
		return 0, false
	}
	for _, value := range expires {
		end, err := http.ParseTime(value)
		if err != nil || value != expires[0] {
			return 0, true
		}
		lifetime = end.Sub(made)
	}
	return lifetime, true
}

// age returns how old an answer is when it comes: by its date, or by what caches on
// its way say, to which the time is added that it took to come.
func age(header http.Header, made, came time.Time, delay time.Duration) time.Duration {
	apparent := came.Sub(made)
	told, _, _ := strings.Cut(header.Get("Age"), ",")
	stated, valid := parseSeconds(strings.TrimSpace(told))
	if !valid {
		return max(0, apparent)
	}
	return max(0, apparent, stated+delay)
}
