package service

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The reasons for which a path is refused. A client reads them.
var (
	errSegment   = errors.New("a segment is empty or has nothing but dots")
	errCharacter = errors.New("it has a backslash, a control character or text that is not UTF-8")
	errNesting   = errors.New("it is percent-encoded too many times")
	errRoute     = errors.New("after decoding, it is outside of the requested route; use a wildcard such as {id...} to allow encoded slashes")
)

// maxDecodings is how many times a path may be percent-encoded. A client may
// encode a value that is encoded already.
const maxDecodings = 3

// unambiguous returns why a path must not go to the program: one of the ways to
// read it leads elsewhere than the route that the mux chose. Programs, and what is
// in front of them, read paths differently. They decode once or more than once, end
// a segment at a semicolon, fold compatible characters into ASCII, and resolve
// dots. The mux decodes each segment once and resolves dots before that.
func unambiguous(mux *http.ServeMux, r *http.Request, pattern string) error {
	if plain(r.URL.EscapedPath()) {
		return nil
	}
	if err := checkPath(r.URL.EscapedPath()); err != nil { // the mux redirects to another path
		return err
	}
	path := r.URL.Path
	for range maxDecodings {
		for _, reading := range []string{path, norm.NFKC.String(path), withoutParameters(path)} {
			if err := checkPath(reading); err != nil {
				return err
			}
			if patternOf(mux, r, reading) != pattern {
				return errRoute
			}
		}
		decoded := unescape(path)
		if decoded == path {
			return nil
		}
		path = decoded
	}
	return errNesting
}

// plain reports whether a path can be read in one way only. Most can.
func plain(path string) bool {
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= utf8.RuneSelf || strings.IndexByte(`%;\`, c) >= 0 {
			return false
		}
	}
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return true // no segment is empty, and none begins with a dot
	}
	return checkPath(path) == nil
}

// checkPath returns what is wrong with a path whatever the routes are.
func checkPath(path string) error {
	if !utf8.ValidString(path) || strings.ContainsFunc(path, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }) {
		return errCharacter
	}
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	// Only the last one may be empty: the path ends with a slash.
	if slices.Contains(segments[:len(segments)-1], "") || slices.ContainsFunc(segments, onlyDots) {
		return errSegment
	}
	return nil
}

// onlyDots reports whether a segment is ".", ".." or what some systems take for
// them: Windows drops dots and blanks at the end of a name.
func onlyDots(segment string) bool {
	return segment != "" && strings.Trim(segment, ". ") == ""
}

// withoutParameters drops what follows a semicolon in each segment, as servlet
// containers do.
func withoutParameters(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		segments[i], _, _ = strings.Cut(segment, ";")
	}
	return strings.Join(segments, "/")
}

// unescape decodes what is percent-encoded, and leaves a percent sign that encodes
// nothing, as many programs do. [url.PathUnescape] decodes nothing then.
func unescape(path string) string {
	var decoded strings.Builder
	for i := 0; i < len(path); i++ {
		if i+2 < len(path) && path[i] == '%' {
			if text, err := url.PathUnescape(path[i : i+3]); err == nil {
				decoded.WriteString(text)
				i += 2
				continue
			}
		}
		decoded.WriteByte(path[i])
	}
	return decoded.String()
}

// patternOf returns the pattern that takes a path.
func patternOf(mux *http.ServeMux, r *http.Request, path string) string {
	other := *r
	other.URL = &url.URL{Path: path}
	_, pattern := mux.Handler(&other)
	return pattern
}
