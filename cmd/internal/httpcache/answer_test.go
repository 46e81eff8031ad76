package httpcache_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/httpcache"
)

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func date(after time.Duration) string { return now.Add(after).Format(http.TimeFormat) }

func TestFreshness(t *testing.T) {
	t.Parallel()
	const ttl = time.Hour
	tests := map[string]struct {
		header http.Header
		want   time.Duration // for which it is fresh from now on; less than nothing is nothing
	}{
		"nothing":                      {header(), ttl},
		"Date":                         {header("Date", date(0)), ttl},
		"Date in the past":             {header("Date", date(-10*time.Minute)), 50 * time.Minute},
		"Date in the future":           {header("Date", date(10*time.Minute)), ttl},
		"Date that is none":            {header("Date", "yesterday"), ttl},
		"no-store":                     {header("Cache-Control", "no-store"), 0},
		"No-Store":                     {header("Cache-Control", "max-age=60, No-Store"), 0},
		"no-cache":                     {header("Cache-Control", "no-cache"), 0},
		"no-cache of a field":          {header("Cache-Control", `no-cache="Set-Cookie"`), 0},
		"private":                      {header("Cache-Control", "private"), 0},
		"private of fields":            {header("Cache-Control", `private="X-A, X-B"`), 0},
		"private, max-age":             {header("Cache-Control", "private, max-age=600"), 0},
		"private in a quoted string":   {header("Cache-Control", `x="private, no-store", max-age=600`), 10 * time.Minute},
		"after a quoted string":        {header("Cache-Control", `x="\"", private`), 0},
		"second line":                  {header("Cache-Control", "max-age=600", "Cache-Control", "no-store"), 0},
		"against the grammar":          {header("Cache-Control", "max-age = 600"), 0},
		"a quote without an end":       {header("Cache-Control", `max-age=600, x="`), 0},
		"max-age":                      {header("Cache-Control", "max-age=600"), 10 * time.Minute},
		"max-age, quoted":              {header("Cache-Control", `max-age="600"`), 10 * time.Minute},
		"max-age beyond the ttl":       {header("Cache-Control", "max-age=999999"), ttl},
		"max-age beyond numbers":       {header("Cache-Control", "max-age=99999999999999999999"), ttl},
		"max-age=0":                    {header("Cache-Control", "max-age=0"), 0},
		"max-age, negative":            {header("Cache-Control", "max-age=-600"), 0},
		"max-age, fraction":            {header("Cache-Control", "max-age=600.0"), 0},
		"max-age, sign":                {header("Cache-Control", "max-age=+600"), 0},
		"max-age, no value":            {header("Cache-Control", "max-age"), 0},
		"max-age, two":                 {header("Cache-Control", "max-age=600, max-age=60"), 0},
		"s-maxage":                     {header("Cache-Control", "s-maxage=60"), time.Minute},
		"s-maxage before max-age":      {header("Cache-Control", "max-age=600, s-maxage=60"), time.Minute},
		"s-maxage=0":                   {header("Cache-Control", "max-age=600, s-maxage=0"), 0},
		"s-maxage that is none":        {header("Cache-Control", "max-age=600, s-maxage=x"), 0},
		"must-revalidate":              {header("Cache-Control", "must-revalidate"), ttl},
		"must-revalidate, max-age":     {header("Cache-Control", "must-revalidate, max-age=60"), time.Minute},
		"public":                       {header("Cache-Control", "public"), ttl},
		"Expires":                      {header("Expires", date(10*time.Minute)), 10 * time.Minute},
		"Expires, RFC 850":             {header("Expires", now.Add(10*time.Minute).Format("Monday, 02-Jan-06 15:04:05 GMT")), 10 * time.Minute},
		"Expires, now":                 {header("Expires", date(0), "Date", date(0)), 0},
		"Expires, past":                {header("Expires", date(-time.Minute)), 0},
		"Expires: 0":                   {header("Expires", "0"), 0},
		"Expires: -1":                  {header("Expires", "-1"), 0},
		"Expires, empty":               {header("Expires", ""), 0},
		"Expires after Date":           {header("Expires", date(10*time.Minute), "Date", date(-time.Minute)), 10 * time.Minute},
		"Expires, both clocks ahead":   {header("Expires", date(25*time.Hour), "Date", date(24*time.Hour)), ttl},
		"Expires, two":                 {header("Expires", date(10*time.Minute), "Expires", date(20*time.Minute)), 0},
		"max-age before Expires":       {header("Expires", "0", "Cache-Control", "max-age=600"), 10 * time.Minute},
		"Pragma":                       {header("Pragma", "no-cache"), 0},
		"Pragma, overridden":           {header("Pragma", "no-cache", "Cache-Control", "max-age=600"), 10 * time.Minute},
		"Age":                          {header("Age", "600", "Cache-Control", "max-age=900"), 5 * time.Minute},
		"Age, of the ttl":              {header("Age", "600"), 50 * time.Minute},
		"Age, too old":                 {header("Age", "600", "Cache-Control", "max-age=600"), 0},
		"Age, list":                    {header("Age", "600, 5", "Cache-Control", "max-age=900"), 5 * time.Minute},
		"Age that is none":             {header("Age", "-5", "Cache-Control", "max-age=900"), 15 * time.Minute},
		"Age, endless":                 {header("Age", "99999999999999999999"), 0},
		"Set-Cookie":                   {header("Set-Cookie", "a=b"), 0},
		"Set-Cookie, empty":            {header("Set-Cookie", ""), 0},
		"Set-Cookie of what is public": {header("Set-Cookie", "", "Cache-Control", "public, max-age=600"), 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := httpcache.FreshnessOf(test.header, ttl, now, 0).Left(); max(got, 0) != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// The time that an answer took is a part of its age, if a cache on its way says one.
func TestFreshnessDelay(t *testing.T) {
	t.Parallel()
	if got := httpcache.FreshnessOf(header("Age", "60", "Cache-Control", "max-age=600"), time.Hour, now, time.Minute); got.Age != 2*time.Minute {
		t.Errorf("got %+v, want an age of 2m", got)
	}
}

// Whatever a header says, nothing is fresh for longer than the ttl, and what forbids
// to keep an answer is not lost among other words.
func FuzzFreshness(f *testing.F) {
	f.Add("max-age=60", "0", "5", "no-cache")
	f.Add(`private="a", x="\"`, date(0), "", "")
	f.Fuzz(func(t *testing.T, control, expires, age, pragma string) {
		h := header("Cache-Control", control, "Expires", expires, "Age", age, "Pragma", pragma)
		if got := httpcache.FreshnessOf(h, time.Hour, now, time.Second); got.Left() > time.Hour || got.Age < 0 {
			t.Errorf("got %+v", got)
		}
		h.Add("Cache-Control", "no-store")
		if got := httpcache.FreshnessOf(h, time.Hour, now, 0); got.Left() > 0 {
			t.Errorf("got %+v in spite of no-store", got)
		}
		if request, err := httpcache.ParseRequest(h); err == nil && !request.NoStore {
			t.Errorf("got %+v, want no-store", request)
		}
	})
}
