package otelmetrics

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"
)

// newScrape returns the handler that serves what is gathered. Start times are in protobuf and in OpenMetrics 2.0. In
// OpenMetrics 1.0 they would be series of their own, named _created, which Prometheus would store.
func newScrape(gatherer prometheus.Gatherer, logger *slog.Logger, start time.Time, failed func()) http.Handler {
	return promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{
		AcceptedFormats:  append(expfmt.DefaultOpenMetricsAcceptedFormats(), expfmt.FmtOpenMetrics_2_0_0),
		ErrorHandling:    promhttp.ContinueOnError,
		ErrorLog:         &scrapeLog{logger: logger, failed: failed},
		CoalesceGather:   true,
		ProcessStartTime: start,
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
