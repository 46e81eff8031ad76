package address_test

import (
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/address"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.1:80":                  "192.0.2.1/32",
		"192.0.2.1:81":                  "192.0.2.1/32",
		"[::ffff:192.0.2.1]:80":         "192.0.2.1/32",
		"[2001:db8:1:2:3:4:5:6]:80":     "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::1]:80":     "2001:db8:1:2::/64",
		"[2001:db8:1:3::1]:80":          "2001:db8:1:3::/64",
		"[fe80::1%eth0]:80":             "fe80::/64",
		"@":                             "invalid Prefix",
		"":                              "invalid Prefix",
		"example.com:80":                "invalid Prefix",
		"192.0.2.1":                     "invalid Prefix",
		"192.0.2.1:80, 198.51.100.1:80": "invalid Prefix",
	} {
		if got := address.Of(remote).String(); got != want {
			t.Errorf("%q: got %s, want %s", remote, got, want)
		}
	}
}
