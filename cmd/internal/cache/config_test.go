package cache_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config cache.Config
		want   []string
	}{
		"nothing":           {cache.Config{}, []string{`cache ""`, "off, memory, redis://"}},
		"unknown":           {cache.Config{URL: "memcached"}, []string{`"memcached"`, "off, memory, redis://… or rediss://…"}},
		"another scheme":    {cache.Config{URL: "http://u:hunter2@h"}, []string{`"http://h"`, "off, memory"}},
		"no slashes":        {cache.Config{URL: "redis:hunter2@host"}, []string{`"…"`, "off, memory"}},
		"only a host":       {cache.Config{URL: "hunter2@host://x"}, []string{`"…"`, "off, memory"}},
		"slash":             {cache.Config{URL: "redis://:hunter2/x@host"}, []string{`"redis://…"`, "percent-encoded"}},
		"slash after digit": {cache.Config{URL: "redis://:12/hunter2@host:6379"}, []string{`"redis://…"`, "percent-encoded"}},
		"question mark":     {cache.Config{URL: "redis://:12?hunter2@host:6379"}, []string{`"redis://…"`, "percent-encoded"}},
		"space":             {cache.Config{URL: "rediss://:hunter2 x@host"}, []string{`"rediss://…"`, "percent-encoded"}},
		"database":          {cache.Config{URL: "redis://:hunter2@host/first"}, []string{"[/database]"}},
		"option":            {cache.Config{URL: "redis://:hunter2@host?size=3"}, []string{"options"}},
		"size":              {cache.Config{URL: "memory", MaxBytes: -3}, []string{"-3 bytes", "positive"}},
		"entry size":        {cache.Config{URL: "memory", MaxEntryBytes: 1 << 40}, []string{"1099511627776 bytes", "at most 536870912"}},
		"time to live":      {cache.Config{URL: "memory", TTL: time.Microsecond}, []string{"1µs", "at least 1ms"}},
		"negative":          {cache.Config{URL: "memory", TTL: -1, Timeout: -time.Second, PollInterval: -2}, []string{"-1ns", "-1s", "-2ns"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := cache.Open(t.Context(), test.config)
			if err == nil {
				t.Fatalf("got %v and no error", got)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got the password in %q", err)
			}
		})
	}
}

func TestOffHoldsAndRecordsNothing(t *testing.T) {
	t.Parallel()
	f := open(t, cache.Config{URL: "off"})
	f.set("a", "1")
	f.wantGet("a", "")
	for series, value := range f.samples() {
		if strings.HasPrefix(series, "dspy_cache_") && value != 0 {
			t.Errorf("got %s %v, want 0", series, value)
		}
	}
}

// What records nothing and logs to nobody serves all the same.
func TestBareConfig(t *testing.T) {
	t.Parallel()
	c, err := cache.Open(t.Context(), cache.Config{URL: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Set(t.Context(), "a", []byte("1"), time.Hour)
	if got, ok := lookUp(t.Context(), c, "a"); !ok || string(got) != "1" {
		t.Errorf("got %q, %t", got, ok)
	}
}
