package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A service that asks for credentials is an error that says how to give them. Any other answer is passed on.
func TestLiveCredentials(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		http.StatusUnauthorized:       "--bearer-token-file",
		http.StatusForbidden:          "--basic-auth-user",
		http.StatusServiceUnavailable: "",
		http.StatusOK:                 "",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(server.Close)
		var c liveCommand
		c.URL, c.Timeout, c.MaxBytes = server.URL, time.Minute, 1
		got, _, _, err := c.ask(t.Context(), server.Client(), "")
		switch {
		case want == "" && (err != nil || got != status):
			t.Errorf("%d: got %d, %v", status, got, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%d: got %v, want an error with %s", status, err, want)
		}
	}
}
