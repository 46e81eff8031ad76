package otelmetrics_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// example returns a recorder whose page has nothing but what was measured.
func example(options ...otelmetrics.Option) (context.Context, *otelmetrics.Metrics) {
	ctx := context.Background()
	m, err := otelmetrics.New(ctx, append([]otelmetrics.Option{otelmetrics.WithService("qa"), otelmetrics.WithoutPriming()}, options...)...)
	if err != nil {
		fmt.Println(err)
	}
	return ctx, m
}

// show prints the lines of the page that begin with one of the prefixes.
func show(m *otelmetrics.Metrics, prefixes ...string) {
	page := httptest.NewRecorder()
	m.Handler().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for lines := bufio.NewScanner(page.Body); lines.Scan(); {
		for _, prefix := range prefixes {
			if strings.HasPrefix(lines.Text(), prefix) {
				fmt.Println(lines.Text())
			}
		}
	}
}
