package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/check"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/live"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/redact"
)

type liveCommand struct {
	URL string `arg:"" help:"URL of the metrics of a service, such as http://localhost:3000/metrics."`

	Listen      string `default:"127.0.0.1:3003" env:"DSPY_METRICS_LIVE_LISTEN" placeholder:"ADDRESS" help:"Address to serve the charts on (${default}); port 0 chooses a free port."`
	Contract    string `env:"DSPY_METRICS_CONTRACT" placeholder:"FILE" type:"path" help:"Contract file of the service, if it has one."`
	targetFlags `embed:""`
}

// Help is shown by --help.
func (liveCommand) Help() string {
	return `Serves the live charts of serve (/live) for the metrics of any service that follows the contract. The page requests
the metrics from this command, which requests them from the URL with the certificates and credentials of the flags.
While no browser shows the page, no requests are sent.

Anyone who can reach the address sees the metrics. By default that is only this machine.

Examples:
  dspy-metrics live http://localhost:3000/metrics
  dspy-metrics live --listen 127.0.0.1:0 --bearer-token-file token https://qa.example.com/metrics

Exit codes: 0 after SIGINT or SIGTERM, 1 if it could not listen, 2 for invalid flags.`
}

// Validate is called by the parser.
func (c *liveCommand) Validate() error {
	target, err := url.Parse(c.URL)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return fmt.Errorf("expected a URL such as http://localhost:3000/metrics, got %q", redact.URL(c.URL))
	}
	if c.Timeout <= 0 || c.MaxBytes < 1 {
		return errors.New("--timeout and --max-bytes must be positive")
	}
	return nil
}

// Run serves the page until ctx ends.
func (c *liveCommand) Run(ctx context.Context) error {
	contract, err := loadContract("--contract", c.Contract)
	if err != nil {
		return err
	}
	page, err := live.New(check.Display(c.URL), contract)
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return usageError{err}
	}
	mux := http.NewServeMux()
	page.Handle(mux, func(next http.Handler) http.Handler { return next })
	mux.Handle("GET /metrics", c.forward(client))
	mux.Handle("GET /{$}", http.RedirectHandler(live.Path, http.StatusFound))

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %q: %w", c.Listen, err)
	}
	fmt.Fprintf(os.Stderr, "charts of %s at http://%s%s\n", check.Display(c.URL), listener.Addr(), live.Path)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: c.Timeout, IdleTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // A browser loses nothing if its request is interrupted.
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// forward returns a handler that answers with the metrics of the URL. Of the browser's request it forwards
// only the header Accept.
func (c *liveCommand) forward(client *http.Client) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeoutCause(r.Context(), c.Timeout, fmt.Errorf("no complete answer within %s: raise --timeout", c.Timeout))
		defer cancel()
		status, contentType, page, err := c.ask(ctx, client, r.Header.Get("Accept"))
		if err != nil {
			http.Error(w, fmt.Sprintf("%s: %v", check.Display(c.URL), err), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		w.WriteHeader(status)
		_, _ = w.Write(page) // a browser that goes away needs nothing
	})
}

func (c *liveCommand) ask(ctx context.Context, client *http.Client, accept string) (status int, contentType string, page []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, http.NoBody)
	if err != nil {
		return 0, "", nil, err
	}
	request.Header.Set("Accept", accept)
	response, err := client.Do(request)
	if err == nil {
		defer response.Body.Close()
		page, err = io.ReadAll(io.LimitReader(response.Body, int64(c.MaxBytes)+1))
	}
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // without the URL, which may have a secret
		}
		return 0, "", nil, err
	}
	if len(page) > c.MaxBytes {
		return 0, "", nil, fmt.Errorf("the page is larger than %d bytes: raise --max-bytes", c.MaxBytes)
	}
	switch response.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return 0, "", nil, fmt.Errorf("%s: give credentials with --bearer-token-file, --basic-auth-user or --header", response.Status)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), page, nil
}
