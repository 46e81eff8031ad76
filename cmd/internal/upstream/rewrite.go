package upstream

import (
	"fmt"
	"net/http/httputil"
	"strings"
	"unicode/utf8"
)

// Rewrite makes the request to the service. It says for whom it is made. A user
// in the URL takes the place of the client's credentials.
func (u *Upstream) Rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.RawQuery = ascii(r.In.URL.RawQuery) // also what net/http cannot parse
	r.SetURL(u.target)
	r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
	r.SetXForwarded()
	if user := u.target.User; user != nil {
		password, _ := user.Password()
		r.Out.SetBasicAuth(user.Username(), password)
	}
}

// ascii percent-encodes the bytes that a request line cannot have, as browsers
// do. net/http takes them from clients, and would pass them on.
func ascii(query string) string {
	if query == "" {
		return ""
	}
	var encoded strings.Builder
	for i := range len(query) {
		if query[i] < utf8.RuneSelf {
			encoded.WriteByte(query[i])
		} else {
			fmt.Fprintf(&encoded, "%%%02X", query[i])
		}
	}
	return encoded.String()
}
