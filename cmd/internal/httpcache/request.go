package httpcache

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Request is what a request says about caches. The zero value permits everything.
type Request struct {
	// NoStore means that neither the request nor its answer may be kept.
	NoStore bool
	// NoCache means that the answer must be a new one.
	NoCache bool
	// OnlyIfCached means that the answer must be a stored one.
	OnlyIfCached bool
	// Unknown are the directives that this package does not know, Pragma's too, in order. An
	// answer may depend on them.
	Unknown []string

	hasMaxAge        bool
	maxAge, minFresh time.Duration
}

// ParseRequest reads the header of a request. What it says of stale answers is not
// read, for none are kept. A directive with a value that makes no sense asks for
// a new answer. The error is that of a Cache-Control that is against the grammar.
func ParseRequest(header http.Header) (Request, error) {
	found, err := parseDirectives(header)
	if err != nil {
		return Request{}, err
	}
	r := Request{
		NoStore:      found.has("no-store"),
		NoCache:      found.has("no-cache") || pragmaNoCache(header),
		OnlyIfCached: found.has("only-if-cached"),
	}
	valid := true
	if r.hasMaxAge = found.has("max-age"); r.hasMaxAge {
		r.maxAge, valid = found.seconds("max-age")
		r.NoCache = r.NoCache || !valid
	}
	if found.has("min-fresh") {
		r.minFresh, valid = found.seconds("min-fresh")
		r.NoCache = r.NoCache || !valid
	}
	for name, values := range found {
		switch name {
		case "no-store", "no-cache", "only-if-cached", "max-age", "min-fresh", "max-stale":
		default:
			r.Unknown = append(r.Unknown, name+"="+strings.Join(values, ","))
		}
	}
	for _, line := range header.Values("Pragma") {
		if !strings.EqualFold(line, "no-cache") {
			r.Unknown = append(r.Unknown, "pragma: "+line)
		}
	}
	slices.Sort(r.Unknown)
	return r, nil
}

// Accepts reports whether the request takes a stored answer of this age, which is
// fresh for the lifetime since it was made.
func (r Request) Accepts(age, lifetime time.Duration) bool {
	return !r.NoStore && !r.NoCache && age < lifetime &&
		(!r.hasMaxAge || age <= r.maxAge) && lifetime-age >= r.minFresh
}

// IsConditional reports whether a request asks for a part of an answer, or for one
// only if it has changed. Its answer is of no use to others, and none of theirs to
// it.
func IsConditional(header http.Header) bool {
	for name := range header {
		if name == "Range" || name == "If" || strings.HasPrefix(name, "If-") {
			return true
		}
	}
	return false
}
