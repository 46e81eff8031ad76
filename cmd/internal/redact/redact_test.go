package redact_test

import (
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/redact"
)

func TestURL(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":                                 "",
		"memory":                           "memory",
		"localhost:3000":                   "localhost:3000",
		"http://host:8000/path":            "http://host:8000/path",
		"http://me:hunter2@host:8000/path": "http://host:8000/path",
		"redis://:hunter2@host/0":          "redis://host/0",
		"http://host/?token=hunter2":       "http://host/?…",
		"http://host/#hunter2":             "http://host/",
		"redis://:hunter2/x@host":          "redis://…",
		"redis://:12/hunter2@host":         "redis://…",
		"redis://:12?hunter2@host":         "redis://…",
		"redis://:12#hunter2@host":         "redis://…",
		"redis://me@host:12/hunter2@host":  "redis://…",
		"redis://:hunter2 x@host":          "redis://…",
		"http://host/%zz?token=hunter2":    "http://…",
		"me:hunter2@host:8000":             "…",
		"http:/me:hunter2@host":            "…",
		"hunter2@host://x":                 "…",
		"//me:hunter2@host":                "//host",
	} {
		if got := redact.URL(value); got != want || strings.Contains(got, "hunter2") {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}
