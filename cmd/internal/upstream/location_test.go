package upstream

import (
	"net/http"
	"net/url"
	"testing"
)

func TestRedirectsLeadBack(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		upstream, location, want string
	}{
		// Those that name the upstream.
		"absolute":               {"http://dspy:8000", "http://dspy:8000/predict/", "/predict/"},
		"query and fragment":     {"http://dspy:8000", "http://dspy:8000/a?b=http://x/&c#d", "/a?b=http://x/&c#d"},
		"no path":                {"http://dspy:8000", "http://dspy:8000", "/"},
		"query without a path":   {"http://dspy:8000", "http://dspy:8000?a=b", "/?a=b"},
		"fragment alone":         {"http://dspy:8000", "http://dspy:8000#a", "/#a"},
		"protocol-relative":      {"http://dspy:8000", "//dspy:8000/a", "/a"},
		"another case":           {"http://dspy:8000", "HTTP://DSPY:8000/a", "/a"},
		"port of the scheme":     {"http://dspy", "http://dspy:80/a", "/a"},
		"no port, as stated":     {"https://dspy:443", "https://dspy/a", "/a"},
		"IPv6":                   {"http://[::1]:8000", "http://[::1]:8000/a", "/a"},
		"user in the upstream":   {"http://me:secret@dspy:8000", "http://dspy:8000/a", "/a"},
		"user in the location":   {"http://dspy:8000", "http://me@dspy:8000/a", "/a"},
		"told that it is https":  {"http://dspy:8000", "https://dspy:8000/a", "/a"},
		"https by default ports": {"http://dspy", "https://dspy/a", "/a"},
		"encoded":                {"http://dspy:8000", "http://dspy:8000/a%2Fb%20c", "/a%2Fb%20c"},
		"a path like a host":     {"http://dspy:8000", "http://dspy:8000//evil.example/a", "/.//evil.example/a"},
		"a path like a host, \\": {"http://dspy:8000", `http://dspy:8000/\evil.example/a`, `/./\evil.example/a`},
		// Those below the path of the upstream.
		"base":                  {"http://dspy:8000/base", "http://dspy:8000/base/a?b", "/a?b"},
		"base with a slash":     {"http://dspy:8000/base/", "http://dspy:8000/base/a", "/a"},
		"base alone":            {"http://dspy:8000/base", "http://dspy:8000/base", "/"},
		"base and query":        {"http://dspy:8000/base", "http://dspy:8000/base?a", "/?a"},
		"base without the host": {"http://dspy:8000/base", "/base/a", "/a"},
		"base of two segments":  {"http://dspy:8000/v1/qa", "/v1/qa/a", "/a"},
		"base, encoded":         {"http://dspy:8000/b%20c", "/b%20c/a", "/a"},
		"base, like a host":     {"http://dspy:8000/base", "/base//evil.example", "/.//evil.example"},
		// Those that do not, or need no change.
		"path":                {"http://dspy:8000", "/a?b#c", "/a?b#c"},
		"relative":            {"http://dspy:8000", "a/b", "a/b"},
		"up":                  {"http://dspy:8000/base", "../a", "../a"},
		"query":               {"http://dspy:8000/base", "?a", "?a"},
		"empty":               {"http://dspy:8000/base", "", ""},
		"another host":        {"http://dspy:8000", "http://login.example/a", "http://login.example/a"},
		"another port":        {"http://dspy:8000", "http://dspy:8001/a", "http://dspy:8001/a"},
		"a longer host":       {"http://dspy:8000", "http://dspy.example:8000/a", "http://dspy.example:8000/a"},
		"a longer path":       {"http://dspy:8000/base", "http://dspy:8000/basement", "http://dspy:8000/basement"},
		"above the base":      {"http://dspy:8000/base", "http://dspy:8000/a", "http://dspy:8000/a"},
		"path above the base": {"http://dspy:8000/base", "/a", "/a"},
		"foreign, relative":   {"http://dspy:8000", "//login.example/a", "//login.example/a"},
		"only another scheme": {"http://dspy", "https://dspy/asked?x=1", "https://dspy/asked?x=1"},
		"another protocol":    {"http://dspy:8000", "ws://dspy:8000/a", "ws://dspy:8000/a"},
		"no URL":              {"http://dspy:8000", "mailto:a@b", "mailto:a@b"},
		"nonsense":            {"http://dspy:8000", "http://dspy:8000/%zz\x7f", "http://dspy:8000/%zz\x7f"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := New(Config{URL: test.upstream})
			if err != nil {
				t.Fatal(err)
			}
			asked := &url.URL{Scheme: u.target.Scheme, Host: u.target.Host, Path: "/asked", RawQuery: "x=1"}
			header := http.Header{"Location": {test.location}, "Content-Location": {test.location}, "Set-Cookie": {"a=b; Domain=dspy"}}
			u.leadBack(header, asked)
			if got := header.Get("Location"); got != test.want || header.Get("Content-Location") != got {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if got := header.Get("Set-Cookie"); got != "a=b; Domain=dspy" {
				t.Errorf("the cookie was changed: %q", got)
			}
		})
	}
}

// FuzzLocation takes any location: what is made of one leads to this service or
// is what it was.
func FuzzLocation(f *testing.F) {
	for _, seed := range []string{"http://dspy:8000/a", "//dspy:8000//x", "/base/a", `\\dspy:8000`, "http://dspy:8000/base/\\x", "https://dspy:8000/base?x#y", "/base//x"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	plain, err := New(Config{URL: "http://dspy:8000"})
	if err != nil {
		f.Fatal(err)
	}
	based, err := New(Config{URL: "http://dspy:8000/base"})
	if err != nil {
		f.Fatal(err)
	}
	front := &url.URL{Scheme: "https", Host: "front.example", Path: "/asked"}
	f.Fuzz(func(t *testing.T, location string, base bool) {
		u := plain
		if base {
			u = based
		}
		got := u.relative(location, front)
		if got == location {
			return
		}
		led, err := front.Parse(got)
		if err != nil || led.Scheme != front.Scheme || led.Host != front.Host || len(got) > 1 && (got[1] == '/' || got[1] == '\\') {
			t.Errorf("%q is made %q, which leads to %v, %v", location, got, led, err)
		}
	})
}
