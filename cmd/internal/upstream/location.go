package upstream

import (
	"net/http"
	"net/url"
	"strings"
)

// leadBack makes the URLs of an answer's header lead through this service again,
// where they name the upstream: a client may not be able to reach it. asked is
// the URL that the request had at the upstream.
func (u *Upstream) leadBack(header http.Header, asked *url.URL) {
	for _, name := range []string{"Location", "Content-Location"} {
		for i, location := range header[name] {
			header[name][i] = u.relative(location, asked)
		}
	}
}

// relative returns a location without the host of the upstream and without the
// path of its URL, so that a client adds those at which it reached this service.
// A location that is not below the upstream's URL, or that names no host and
// needs no change, is returned as it is.
func (u *Upstream) relative(location string, asked *url.URL) string {
	parsed, err := url.Parse(location)
	if err != nil {
		return location
	}
	rest := location
	switch {
	case parsed.Host != "":
		if !u.named(parsed, asked) {
			return location
		}
		_, rest, _ = strings.Cut(location, "//")
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		rest = rest[end:]
	case parsed.Scheme != "" || u.base == "" || !strings.HasPrefix(location, "/"):
		return location
	}
	rest, below := strings.CutPrefix(rest, u.base)
	switch {
	case !below || u.base != "" && rest != "" && !strings.ContainsRune("/?#", rune(rest[0])):
		return location
	case !strings.HasPrefix(rest, "/"):
		return "/" + rest
	case strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, `/\`):
		return "/." + rest // else the path would be read as a host
	}
	return rest
}

// named reports whether an absolute location names the upstream. The scheme may
// differ, because the program may know that clients use https. But if the location
// differs only in the scheme, it is a redirect to that scheme. A client that followed
// it through this proxy would get the same redirect again.
func (u *Upstream) named(location, asked *url.URL) bool {
	if !strings.EqualFold(location.Hostname(), u.target.Hostname()) {
		return false
	}
	switch location.Scheme {
	case "", u.target.Scheme:
		return port(location, u.target.Scheme) == port(u.target, u.target.Scheme)
	case "http", "https":
		return location.Port() == u.target.Port() && location.RequestURI() != asked.RequestURI()
	default:
		return false
	}
}

// port returns the port of a URL, which may be that of its scheme.
func port(location *url.URL, scheme string) string {
	switch explicit := location.Port(); {
	case explicit != "":
		return explicit
	case scheme == "https":
		return "443"
	default:
		return "80"
	}
}
