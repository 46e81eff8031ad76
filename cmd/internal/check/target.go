package check

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/redact"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// Reader reads targets. It holds no state between readings.
type Reader struct {
	// Client makes the requests; see [HTTP.Client].
	Client *http.Client
	// Format is asked for and taken for granted; empty is what the target says.
	Format conformance.Format
	// Timeout is for one request, its answer included.
	Timeout time.Duration
	// MaxBytes is the most that a page may have when it is unpacked.
	MaxBytes int64
	// Parse reads a page; nil is [conformance.Parse].
	Parse func(page string, format conformance.Format) *conformance.Exposition
	// Stdin is read for the target "-".
	Stdin io.Reader
}

// Read reads the page of a target: a URL, a file, or "-".
func (r *Reader) Read(ctx context.Context, target string) (*conformance.Exposition, error) {
	if target == "-" {
		return r.local(ctx, r.Stdin)
	}
	if isURL(target) {
		return r.request(ctx, target)
	}
	if strings.Contains(target, "://") {
		return nil, errors.New("not a file, and not a URL that begins with http:// or https://")
	}
	file, err := os.Open(target) //nolint:gosec // The user names the file to read.
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", redact.URL(target), errors.Unwrap(err))
	}
	defer file.Close() //nolint:errcheck // Only read.
	return r.local(ctx, file)
}

func isURL(target string) bool {
	return strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://")
}

// Display is the target without what may be secret in it.
func Display(target string) string {
	if !isURL(target) {
		if target == "-" {
			return "standard input"
		}
		return redact.URL(target)
	}
	u, err := url.Parse(target)
	if err != nil {
		return "a URL that is not valid"
	}
	u.User, u.Fragment = nil, ""
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.String()
}

// local reads a file or standard input, packed with gzip or not.
func (r *Reader) local(ctx context.Context, from io.Reader) (*conformance.Exposition, error) {
	type result struct {
		raw []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		raw, err := r.plain(from)
		done <- result{raw, err}
	}()
	select {
	case got := <-done:
		if got.err != nil {
			return nil, got.err
		}
		return r.parse(string(got.raw), "")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *Reader) plain(from io.Reader) ([]byte, error) {
	buffered := bufio.NewReader(from)
	if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		return limited(unzipped, r.MaxBytes)
	}
	return limited(buffered, r.MaxBytes)
}

// parse decides the format: the one that was set, else what the page came
// with, else what it looks like.
func (r *Reader) parse(page string, format conformance.Format) (*conformance.Exposition, error) {
	switch {
	case page == "" && r.Format != conformance.OpenMetrics && format != conformance.OpenMetrics:
		return nil, errors.New("the page is empty")
	case r.Format != "":
		format = r.Format
	case format == "":
		format = conformance.Detect(page)
	}
	if r.Parse == nil {
		return conformance.Parse(page, format), nil
	}
	return r.Parse(page, format), nil
}

func (r *Reader) request(ctx context.Context, target string) (*conformance.Exposition, error) {
	slow := fmt.Errorf("no complete answer within %s: raise --timeout", r.Timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, r.Timeout, slow)
	defer cancel()
	page, format, err := r.get(ctx, target)
	if err != nil {
		if errors.Is(context.Cause(ctx), slow) {
			return nil, slow
		}
		// The URL, which this error repeats, may hold a secret.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return nil, err
	}
	return r.parse(page, format)
}

func (r *Reader) get(ctx context.Context, target string) (page string, format conformance.Format, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return "", "", err
	}
	req.Header.Set("Accept", accept(r.Format))
	resp, err := r.Client.Do(req)
	if err != nil {
		return "", "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", "", refused(resp)
	}
	format, err = formatOf(resp.Header.Get("Content-Type"))
	if err != nil {
		return "", "", err
	}
	body, err := unpacked(resp.Body, resp.Header.Get("Content-Encoding"), r.MaxBytes)
	return string(body), format, err
}

// accept returns the Accept header that Prometheus sends, limited to the formats that
// can be read here.
func accept(format conformance.Format) string {
	const (
		openMetrics = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"
		plain       = "text/plain;version=0.0.4"
	)
	switch format {
	case conformance.Text:
		return plain
	case conformance.OpenMetrics:
		return openMetrics
	default:
		return openMetrics + ";q=0.6," + plain + ";q=0.3,*/*;q=0.2"
	}
}

func refused(resp *http.Response) error {
	hint := ""
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		hint = ": see --basic-auth-user, --bearer-token-file and --header"
	case http.StatusNotFound:
		hint = ": is this the path of the metrics?"
	}
	return fmt.Errorf("status %d %s%s", resp.StatusCode, http.StatusText(resp.StatusCode), hint)
}

func formatOf(contentType string) (conformance.Format, error) {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	switch mediaType {
	case "application/openmetrics-text":
		return conformance.OpenMetrics, nil
	case "text/plain":
		return conformance.Text, nil
	default:
		return "", fmt.Errorf("content type %.200q is not an exposition's, want text/plain or application/openmetrics-text", contentType)
	}
}
