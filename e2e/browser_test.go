package e2e

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// browser is a tab of a Chromium without a window.
type browser struct {
	ctx context.Context //nolint:containedctx // chromedp's handle of the tab is a context.

	mu       sync.Mutex
	console  []string // messages, exceptions, failed requests, breaches of the policy
	requests []string // the URLs of all requests
}

// browse opens a tab. Its browser ends with the test.
func browse(t *testing.T) *browser {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(locate(t, "e2e-chromium")), chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-dev-shm-usage", true), // which is small in a container
		chromedp.WSURLReadTimeout(patience),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it does not start as root
	}
	// A test's context ends before its cleanups, and the browser is asked to end in one.
	allocator, end := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(func() { closeTab(); end() })
	b := &browser{ctx: ctx}
	b.do(t) // starts it
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	messages, requests := chromedp.Console(ctx), chromedp.Events(ctx, network.RequestWillBeSent)
	go func() {
		for message, err := range messages {
			if err == nil {
				b.note(&b.console, message.String())
			}
		}
	}()
	go func() {
		for event, err := range requests {
			if err == nil {
				b.note(&b.requests, event.Request.URL)
			}
		}
	}()
	return b
}

func (b *browser) note(list *[]string, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*list = append(*list, text)
}

// wantQuiet fails the test if the console said anything.
func (b *browser) wantQuiet(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.console) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(b.console, "\n"))
	}
}

// asked returns how often a URL was asked for.
func (b *browser) asked(url string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(b.requests), func(request string) bool { return request != url }))
}

// do does something in the tab.
func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatalf("the browser: %v", err)
	}
}

// await waits until a selector's element is visible.
func (b *browser) await(t *testing.T, selector string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(selector))); err != nil {
		t.Fatalf("%s is not on the page: %v\nconsole: %q", selector, err, b.console)
	}
}

// evaluate runs a script, waits for its promise, and returns its value.
func evaluate[T any](t *testing.T, b *browser, script string) T {
	t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("the browser: %v: %s", err, script)
	}
	return value
}
