package cache

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestOutage(t *testing.T) {
	t.Parallel()
	type step struct {
		do     string // enter, fail, work; "stale" ones entered before the last change
		active bool   // afterwards
	}
	tests := map[string]struct {
		calm  time.Duration
		steps []step
		want  string // logged
	}{
		"works":        {0, []step{{"enter", false}, {"work", false}}, ""},
		"begins, ends": {0, []step{{"enter", false}, {"fail", true}, {"work", false}}, "begun error=boom|ended after=1s failed=1 skipped=0"},
		"counts": {
			0,
			[]step{{"fail", true}, {"fail", true}, {"enter", true}, {"enter", true}, {"work", false}},
			"begun error=boom|ended after=4s failed=2 skipped=2",
		},
		"late success":    {0, []step{{"fail", true}, {"stale work", true}}, "begun error=boom"},
		"late failure":    {0, []step{{"fail", true}, {"work", false}, {"stale fail", false}}, "begun error=boom|ended after=1s failed=1 skipped=0"},
		"second":          {0, []step{{"fail", true}, {"work", false}, {"fail", true}}, "begun error=boom|ended after=1s failed=1 skipped=0|begun error=boom"},
		"not calm":        {3 * time.Second, []step{{"fail", true}, {"work", true}, {"fail", true}, {"work", true}, {"work", true}}, "begun error=boom"},
		"calm in the end": {2 * time.Second, []step{{"fail", true}, {"work", true}, {"work", false}}, "begun error=boom|ended after=2s failed=1 skipped=0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var logged bytes.Buffer
			now := time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
			o := outage{begun: "begun", ended: "ended", calm: test.calm, now: func() time.Time { return now }}
			o.logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
					return slog.Attr{}
				}
				return a
			}}))
			for i, step := range test.steps {
				at, _ := o.active()
				do, stale := strings.CutPrefix(step.do, "stale ")
				if stale {
					at--
				}
				switch do {
				case "enter":
					if _, ok := o.enter(); ok == step.active {
						t.Errorf("step %d: got admitted %t", i, ok)
					}
				case "fail":
					o.fail(t.Context(), at, "boom")
				case "work":
					o.work(t.Context(), at)
				}
				if _, got := o.active(); got != step.active {
					t.Errorf("step %d: got active %t", i, got)
				}
				now = now.Add(time.Second)
			}
			got := strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(logged.String()), "\n", "|"), "msg=", "")
			if got != test.want {
				t.Errorf("got logged %q, want %q", got, test.want)
			}
		})
	}
}
