// Package httpcache applies the rules of RFC 9111, HTTP Caching, as far as a shared
// cache needs them that serves nothing stale and revalidates nothing: what a
// request permits, whether an answer may be kept, and for how long.
//
// Where a header cannot be understood, the answer is the careful one: the cache is
// left out.
package httpcache

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// directives are those of a Cache-Control field, by name in lower case, each with
// the values that it was given: "" for a directive without one.
type directives map[string][]string

var errDirective = errors.New("Cache-Control cannot be parsed")

// parseDirectives reads all Cache-Control lines of a header, by the grammar of RFC
// 9111 §5.2 and RFC 9110 §5.6: a list of tokens, each with a token or a quoted
// string as its value or without one.
func parseDirectives(header http.Header) (directives, error) {
	found := make(directives)
	for _, line := range header.Values("Cache-Control") {
		rest := line
		for {
			rest = strings.TrimLeft(rest, " \t,")
			if rest == "" {
				break
			}
			name, value, after, ok := cutDirective(rest)
			after = strings.TrimLeft(after, " \t")
			if !ok || after != "" && after[0] != ',' {
				return nil, fmt.Errorf("%w: %.100q", errDirective, line)
			}
			name = strings.ToLower(name)
			found[name] = append(found[name], value)
			rest = after
		}
	}
	return found, nil
}

// cutDirective returns the directive that the text begins with, and what follows.
func cutDirective(text string) (name, value, after string, ok bool) {
	name, after = cutToken(text)
	if name == "" {
		return "", "", "", false
	}
	argument, hasValue := strings.CutPrefix(after, "=")
	if !hasValue {
		return name, "", after, true
	}
	if quoted, isQuoted := strings.CutPrefix(argument, `"`); isQuoted {
		value, after, ok = cutQuoted(quoted)
		return name, value, after, ok
	}
	value, after = cutToken(argument)
	return name, value, after, value != ""
}

func cutToken(text string) (token, after string) {
	end := strings.IndexFunc(text, func(r rune) bool { return !isTokenRune(r) })
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

func isTokenRune(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return true
	default:
		return strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}
}

// cutQuoted returns the string that ends with the next quote that is not escaped,
// and what follows.
func cutQuoted(text string) (value, after string, ok bool) {
	var unquoted strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return unquoted.String(), text[i+1:], true
		case '\\':
			i++
			if i == len(text) {
				return "", "", false
			}
		}
		unquoted.WriteByte(text[i])
	}
	return "", "", false
}

func (d directives) has(name string) bool { return len(d[name]) > 0 }

// seconds returns the duration that a directive gives. It is not valid if it is
// given without a number or several times with different ones (RFC 9111 §4.2.1).
func (d directives) seconds(name string) (value time.Duration, valid bool) {
	values := d[name]
	for _, other := range values {
		if other != values[0] {
			return 0, false
		}
	}
	return parseSeconds(values[0])
}

// longest is more than any answer is kept: 2^31 s, as RFC 9111 §1.2.2 wants for
// what is too large to be represented.
const longest = (math.MaxInt32 + 1) * time.Second

// parseSeconds reads delta-seconds, which are digits and nothing else.
func parseSeconds(text string) (time.Duration, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	seconds, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return longest, true
	}
	return time.Duration(seconds) * time.Second, true
}

// pragmaNoCache reports whether a header says no-cache in the way of HTTP/1.0, which
// counts where there is no Cache-Control (RFC 9111 §5.4).
func pragmaNoCache(header http.Header) bool {
	if len(header.Values("Cache-Control")) > 0 {
		return false
	}
	for _, line := range header.Values("Pragma") {
		for directive := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(directive), "no-cache") {
				return true
			}
		}
	}
	return false
}
