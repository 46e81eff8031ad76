// Package redact keeps secrets out of what is shown.
package redact

import (
	"net/url"
	"strings"
)

// URL returns what can be shown of a value that is a URL or was meant to be one:
// no user, no password, no query. In a mistyped one a part of the password can be
// anywhere, so that nothing but its scheme is shown.
func URL(value string) string {
	parsed, err := url.Parse(value)
	if err == nil && parsed.Host != "" && !strings.ContainsAny(parsed.Path+parsed.RawQuery+parsed.Fragment, "@") {
		parsed.User, parsed.Fragment = nil, ""
		shown, _, query := strings.Cut(parsed.String(), "?")
		if query {
			shown += "?…"
		}
		return shown
	}
	if scheme, _, found := strings.Cut(value, "://"); found && !strings.ContainsAny(scheme, ":@") {
		return scheme + "://…"
	}
	if strings.Contains(value, "@") {
		return "…"
	}
	return value
}
