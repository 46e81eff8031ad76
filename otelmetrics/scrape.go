package otelmetrics

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// newScrape returns the handler that serves what is gathered.
func newScrape(gatherer prometheus.Gatherer, logger *slog.Logger, failed func()) http.Handler {
	return promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		ErrorHandling:     promhttp.ContinueOnError,
		ErrorLog:          &scrapeLog{logger: logger, failed: failed},
		CoalesceGather:    true,
	})
}

// scrapeLog hears of every scrape that had to leave something out. It counts
// each and logs what is new: the same fault would come back at every scrape.
type scrapeLog struct {
	logger *slog.Logger
	failed func()

	mu   sync.Mutex
	last string
}

// Println implements promhttp.Logger.
func (l *scrapeLog) Println(v ...any) {
	l.failed()
	text := strings.TrimSpace(fmt.Sprintln(v...))
	l.mu.Lock()
	known := l.last == text
	l.last = text
	l.mu.Unlock()
	if !known {
		l.logger.Warn("scrape left something out", slog.String("error", text))
	}
}
