// Package progress shows on a terminal how far long work is. In a pipe, a file or a log
// it shows nothing.
package progress

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

const (
	// interval is how often the line of a time to wait moves.
	interval = 500 * time.Millisecond
	// barWidth is the maximum width of a bar. The library narrows the bar if a line is
	// longer than the terminal is wide, but cannot narrow the description.
	barWidth = 30
	// besides is the width of a line without bar and description: percent, elapsed and
	// remaining time, brackets and spaces.
	besides = 30
)

// Bar is a line on a terminal that shows the progress of some work. It disappears
// when the work ends. A Bar that shows nothing has the same methods. They are safe
// for concurrent use.
type Bar struct {
	out *os.File

	mu  sync.Mutex
	bar *progressbar.ProgressBar // nil where nothing is to be shown
}

// New returns the bar of work that has so many steps, or of work without a known end if
// steps is 0 or less. It is shown on out, standard error as a rule, if that is a terminal
// that can rewrite a line. Call [Bar.End] when the work has ended.
func New(out *os.File, description string, steps int64) *Bar {
	b := &Bar{out: out}
	if !term.IsTerminal(int(out.Fd())) || os.Getenv("TERM") == "dumb" {
		return b
	}
	if steps <= 0 {
		steps = -1 // the library's word for it
	}
	b.bar = progressbar.NewOptions64(steps,
		progressbar.OptionSetWriter(out),
		progressbar.OptionSetDescription(b.fit(description)),
		progressbar.OptionSetWidth(barWidth),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetPredictTime(steps > 0),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionClearOnFinish(),
		// A line that nothing redraws would go on after the end.
		progressbar.OptionSetSpinnerChangeInterval(0),
	)
	b.show(b.bar.RenderBlank)
	return b
}

// fit cuts a description that would make the line longer than the terminal is wide.
func (b *Bar) fit(description string) string {
	text := []rune(description)
	if width, _, err := term.GetSize(int(b.out.Fd())); err == nil && width > 0 && len(text) > max(0, width-besides) {
		text = text[:max(0, width-besides)]
	}
	return string(text)
}

// Add records that this number of further steps is done.
func (b *Bar) Add(steps int64) {
	b.show(func() error {
		// The library draws when the percentage changes. The time goes on before that.
		return errors.Join(b.bar.Add64(steps), b.bar.RenderBlank())
	})
}

// Set records that this number of steps is done in total, and changes the
// description.
func (b *Bar) Set(steps int64, description string) {
	b.show(func() error {
		b.bar.Describe(b.fit(description)) // which draws
		return b.bar.Set64(steps)
	})
}

// show draws. What is shown is no reason to fail, so that errors are dropped.
func (b *Bar) show(draw func() error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		_ = draw()
	}
}

// End takes the line away. After it the bar shows nothing.
func (b *Bar) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		_ = b.bar.Clear()
		b.bar = nil
	}
}

// Wait waits for d, or until ctx ends, and shows how long that still takes.
func Wait(ctx context.Context, out *os.File, description string, d time.Duration) {
	bar := New(out, description, int64(d/interval))
	defer bar.End()
	ended := time.NewTimer(d)
	defer ended.Stop()
	step := time.NewTicker(interval)
	defer step.Stop()
	for {
		select {
		case <-step.C:
			bar.Add(1)
		case <-ended.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
