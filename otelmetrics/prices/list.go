package prices

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// interval is how often Watch looks at the file.
const interval = 5 * time.Second

// maxBytes bounds a list. LiteLLM's own is below 2 MiB.
const maxBytes = 64 << 20

// List is a price list in a file. It is safe for concurrent use.
type List struct {
	path   string
	logger *slog.Logger
	table  atomic.Pointer[table]
	read   version // of the file that was read last, which only Watch knows after Open
}

// version changes with the content of a file.
type version struct {
	modified time.Time
	size     int64
}

// Open reads the list in a file. The error names the file and what is wrong in it.
// What [List.Watch] has to say goes to the logger, or with nil to [slog.Default].
func Open(path string, logger *slog.Logger) (*List, error) {
	if logger == nil {
		logger = slog.Default()
	}
	l := &List{path: path, logger: logger}
	if _, err := l.refresh(); err != nil {
		return nil, err
	}
	return l, nil
}

// Find returns the price of a model, or false if the list has none. asked is the
// model that was asked for and answered the one that says it answered, both as
// LiteLLM writes them, with or without a provider before a slash; either may be
// empty.
//
// The model that answered goes before the one that was asked for, and a name with
// its provider before the same one without: azure/gpt-4o, then gpt-4o. An entry
// without the provider in its name is taken only if its litellm_provider is one
// that was asked, if it has none, or if none was asked. Of a model without a
// provider that the list has only with some, the price is taken if it is the same
// at all of them.
//
// It never waits for the file.
func (l *List) Find(asked, answered string) (Price, bool) {
	return l.table.Load().find(asked, answered)
}

// Cost returns what was spent on a model, in US dollars, or false if the list has
// no price of some of it. It is for [otelmetrics.WithPrices].
func (l *List) Cost(spent otelmetrics.Usage) (usd float64, ok bool) {
	price, _ := l.Find(written(spent.Model), spent.Model.ResponseName) // A model that is not listed has no price of any token.
	return price.Cost(spent)
}

// written returns the name of the model that was asked for as LiteLLM writes it.
func written(model otelmetrics.Model) string {
	provider := prefixOf(model.Provider)
	if provider == "" || model.Name == "" || strings.HasPrefix(model.Name, provider+"/") {
		return model.Name
	}
	return provider + "/" + model.Name
}

// Watch reads the list again when the time of modification or the size of the file
// changes, which it looks at every five seconds until ctx ends. A list that cannot be
// read is logged once, and the prices stay what they were.
func (l *List) Watch(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	logged := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		changed, err := l.refresh()
		switch {
		case err != nil && err.Error() != logged:
			logged = err.Error()
			l.logger.Warn("the price list cannot be read: the previous prices stay in use", slog.Any("error", err))
		case changed:
			logged = ""
			l.logger.Info("the price list was reloaded", slog.String("file", l.path), slog.Int("models", len(l.table.Load().byName)))
		}
	}
}

// refresh reads the file if it is another than the one that was read last, and
// reports whether it did. A file that can be read and is no list counts as read, so
// that it is not tried again before it changes.
func (l *List) refresh() (changed bool, err error) {
	text, now, err := l.load()
	if err != nil {
		return false, fmt.Errorf("read the price list: %w", err) // It names the file.
	}
	if now == l.read {
		return false, nil
	}
	l.read = now
	read, err := readTable(text)
	if err != nil {
		return false, fmt.Errorf("price list %s: %w", l.path, err)
	}
	l.table.Store(read)
	return true, nil
}

// load returns what is in the file, or nothing if it is the version that was read
// last.
func (l *List) load() ([]byte, version, error) {
	// Before the file is opened: opening a pipe would wait for its writer.
	info, err := os.Stat(l.path)
	if err != nil {
		return nil, version{}, err
	}
	if !info.Mode().IsRegular() {
		return nil, version{}, fmt.Errorf("%s is not a regular file", l.path)
	}
	// The version is of before the content, so that a change between the two is seen the next time.
	now := version{info.ModTime(), info.Size()}
	if now == l.read {
		return nil, now, nil
	}
	file, err := os.Open(l.path)
	if err != nil {
		return nil, version{}, err
	}
	defer file.Close() //nolint:errcheck // Only read.
	text, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err != nil {
		return nil, version{}, err
	}
	if len(text) > maxBytes {
		return nil, version{}, fmt.Errorf("%s is larger than %d MiB", l.path, maxBytes>>20)
	}
	return text, now, nil
}
