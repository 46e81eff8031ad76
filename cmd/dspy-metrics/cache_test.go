package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestWarnOfNames(t *testing.T) { //nolint:paralleltest // It sets a variable of the environment.
	t.Setenv("OTEL_SERVICE_NAME", "")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "")
	for name, test := range map[string]struct {
		serve serve
		want  bool
	}{
		"sidecar":        {serve{backend: backend{Upstream: "http://127.0.0.1:8000"}, answers: answers{Cache: "redis://redis"}}, true},
		"sidecar, TLS":   {serve{backend: backend{Upstream: "http://localhost:8000"}, answers: answers{Cache: "rediss://redis"}}, true},
		"sidecar, IPv6":  {serve{backend: backend{Upstream: "http://[::1]:8000"}, answers: answers{Cache: "redis://redis"}}, true},
		"named":          {serve{Service: "qa", backend: backend{Upstream: "http://127.0.0.1:8000"}, answers: answers{Cache: "redis://redis"}}, false},
		"namespace":      {serve{backend: backend{Upstream: "http://127.0.0.1:8000"}, answers: answers{Cache: "redis://redis", CacheNamespace: "a"}}, false},
		"another host":   {serve{backend: backend{Upstream: "http://qa:8000"}, answers: answers{Cache: "redis://redis"}}, false},
		"memory":         {serve{backend: backend{Upstream: "http://127.0.0.1:8000"}, answers: answers{Cache: "memory"}}, false},
		"no program":     {serve{answers: answers{Cache: "redis://redis"}}, false},
		"the same names": {serve{Service: defaultService, backend: backend{Upstream: "http://127.0.0.1:8000"}, answers: answers{Cache: "redis://redis"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			test.serve.warnOfNames(slog.New(slog.NewTextHandler(&log, nil)))
			if got := strings.Contains(log.String(), "--cache-namespace"); got != test.want {
				t.Errorf("got %q, want a warning %t", log.String(), test.want)
			}
		})
	}
}

func TestCacheKeyHeaderIsGone(t *testing.T) {
	t.Parallel()
	err := (&answers{CacheKeyHeader: []string{"X-Tenant"}, CacheMaxBytes: 1, CacheTTL: 1, CacheTimeout: 1, MaxAnswerBytes: 1}).validate()
	if err == nil || !strings.Contains(err.Error(), "--cache-key-header") || !strings.Contains(err.Error(), "--cache-ignore-header") {
		t.Errorf("got %v, want an error that says what to do", err)
	}
}
