package httpcache_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/httpcache"
)

func header(lines ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(lines); i += 2 {
		h.Add(lines[i], lines[i+1])
	}
	return h
}

func TestRequest(t *testing.T) {
	t.Parallel()
	const (
		minute = time.Minute
		hour   = time.Hour
	)
	tests := map[string]struct {
		header http.Header
		age    time.Duration // of an answer that is fresh for an hour
		want   bool          // whether the request takes it
	}{
		"nothing":                {header(), 59 * minute, true},
		"stale":                  {header(), hour, false},
		"max-stale":              {header("Cache-Control", "max-stale"), hour, false},
		"no-store":               {header("Cache-Control", "no-store"), 0, false},
		"no-cache":               {header("Cache-Control", "no-cache"), 0, false},
		"upper case":             {header("Cache-Control", "NO-CACHE"), 0, false},
		"second line":            {header("Cache-Control", "max-age=600", "Cache-Control", "no-cache"), 0, false},
		"second in a line":       {header("Cache-Control", " ,max-age=600 ,, no-cache,"), 0, false},
		"in a quoted string":     {header("Cache-Control", `x="no-cache, no-store"`), 0, true},
		"after a quoted string":  {header("Cache-Control", `x="a\"b,", no-cache`), 0, false},
		"Pragma":                 {header("Pragma", "no-cache"), 0, false},
		"Pragma in a list":       {header("Pragma", "x, No-Cache"), 0, false},
		"Pragma, overridden":     {header("Pragma", "no-cache", "Cache-Control", "max-age=600"), 0, true},
		"max-age":                {header("Cache-Control", "max-age=60"), minute, true},
		"max-age, too old":       {header("Cache-Control", "max-age=60"), minute + time.Second, false},
		"max-age=0, new":         {header("Cache-Control", "max-age=0"), 0, true},
		"max-age=0":              {header("Cache-Control", "max-age=0"), time.Second, false},
		"max-age, quoted":        {header("Cache-Control", `max-age="60"`), 2 * minute, false},
		"max-age, no number":     {header("Cache-Control", "max-age=soon"), 0, false},
		"max-age, no value":      {header("Cache-Control", "max-age"), 0, false},
		"max-age, negative":      {header("Cache-Control", "max-age=-1"), 0, false},
		"max-age, fraction":      {header("Cache-Control", "max-age=1.5"), 0, false},
		"max-age, several":       {header("Cache-Control", "max-age=1, max-age=600"), 0, false},
		"max-age, the same":      {header("Cache-Control", "max-age=600, max-age=600"), minute, true},
		"max-age, endless":       {header("Cache-Control", "max-age=99999999999999999999999"), 59 * minute, true},
		"min-fresh":              {header("Cache-Control", "min-fresh=60"), 59 * minute, true},
		"min-fresh, too little":  {header("Cache-Control", "min-fresh=61"), 59 * minute, false},
		"min-fresh, too much":    {header("Cache-Control", "min-fresh=3601"), 0, false},
		"min-fresh, not a count": {header("Cache-Control", "min-fresh=x"), 0, false},
		"unknown":                {header("Cache-Control", "no-transform, x=1"), 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := httpcache.ParseRequest(test.header)
			if err != nil {
				t.Fatal(err)
			}
			if got := request.Accepts(test.age, hour); got != test.want {
				t.Errorf("got %t for an answer of %s, want %t", got, test.age, test.want)
			}
		})
	}
}

func TestRequestUnknownDirectives(t *testing.T) {
	t.Parallel()
	request, err := httpcache.ParseRequest(header("Cache-Control", "z=1, no-store, A, only-if-cached", "Cache-Control", `z="2, 3"`, "Pragma", "x"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a=", "pragma: x", "z=1,2, 3"}; !slices.Equal(request.Unknown, want) || !request.NoStore || !request.OnlyIfCached {
		t.Errorf("got %+v, want the unknown directives %q", request, want)
	}
}

func TestRequestAgainstTheGrammar(t *testing.T) {
	t.Parallel()
	for _, field := range []string{
		"max-age = 60", "max-age= 60", "max-age=", "=60", `x="a`, `x="a\`, `x="a"b`, "no store", "max-age=60;no-cache", "a,\x00", "a=b=c", `"no-cache"`, "é",
	} {
		if got, err := httpcache.ParseRequest(header("Cache-Control", field)); err == nil {
			t.Errorf("got %+v and no error of %q", got, field)
		}
	}
}

func TestIsConditional(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "If", "if-schedule-tag-match"} {
		if !httpcache.IsConditional(header(name, "")) {
			t.Errorf("%s is not conditional", name)
		}
	}
	for _, name := range []string{"Content-Range", "Accept-Ranges", "Iffy", "X-If-Match"} {
		if httpcache.IsConditional(header(name, "x")) {
			t.Errorf("%s is conditional", name)
		}
	}
}
