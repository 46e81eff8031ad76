package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	generator "github.com/dspy-metrics/dspy-metrics/cmd/internal/load"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/progress"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/redact"
	"github.com/dspy-metrics/dspy-metrics/views"
)

type load struct {
	URL string `arg:"" optional:"" default:"http://localhost:3000" env:"DSPY_METRICS_LOAD_URL" help:"URL of the service (${default})."`

	Rate        float64       `default:"10" env:"DSPY_METRICS_LOAD_RATE" placeholder:"N" help:"Requests to start per second, independent of the answers; 0 starts one when another has ended (${default})."`
	Concurrency int           `default:"64" env:"DSPY_METRICS_LOAD_CONCURRENCY" placeholder:"N" help:"Number of concurrent requests. With --rate, requests beyond it are dropped and counted (${default})."`
	Duration    time.Duration `default:"30s" env:"DSPY_METRICS_LOAD_DURATION" help:"How long to send requests; 0 means until interrupted (${default})."`
	Warmup      time.Duration `default:"0s" env:"DSPY_METRICS_LOAD_WARMUP" help:"How long to send requests before the measurement starts (${default})."`

	Types      []generator.Weighted `default:"predict=1,cot=1,react=1" env:"DSPY_METRICS_LOAD_TYPES" placeholder:"TYPE=WEIGHT,…" help:"Prediction types and their weights (${default})."`
	Failures   float64              `default:"0" env:"DSPY_METRICS_LOAD_FAILURES" placeholder:"SHARE" help:"Share of requests that fail on purpose: invalid requests, or those of --fault (${default})."`
	Fault      []generator.Weighted `env:"DSPY_METRICS_LOAD_FAULT" placeholder:"VALUE=WEIGHT" help:"Make requests fail with this value of the header X-Fault, by weight. Repeatable."`
	Repeats    float64              `default:"0" env:"DSPY_METRICS_LOAD_REPEATS" placeholder:"SHARE" help:"Share of requests that repeat an earlier one, for cache hits (${default})."`
	Streams    float64              `default:"0" env:"DSPY_METRICS_LOAD_STREAMS" placeholder:"SHARE" help:"Share of requests for a stream (${default})."`
	Path       string               `default:"/predict" env:"DSPY_METRICS_LOAD_PATH" help:"Path of predictions (${default})."`
	StreamPath string               `default:"/predict/stream" env:"DSPY_METRICS_LOAD_STREAM_PATH" placeholder:"PATH" help:"Path of streamed predictions (${default})."`
	Header     []string             `short:"H" sep:"none" env:"DSPY_METRICS_LOAD_HEADER" placeholder:"NAME: VALUE" help:"Header of every request. Repeatable."`
	Questions  []byte               `type:"filecontent" env:"DSPY_METRICS_LOAD_QUESTIONS" placeholder:"FILE" help:"File with questions, one per line. By default they are about the metrics."`
	Seed       uint64               `env:"DSPY_METRICS_LOAD_SEED" placeholder:"N" help:"Seed of the random choices. The same seed sends the same requests. By default it differs each time."`

	Timeout         time.Duration `default:"30s" env:"DSPY_METRICS_LOAD_TIMEOUT" help:"Time limit for one request (${default})."`
	ShutdownTimeout time.Duration `default:"10s" env:"DSPY_METRICS_LOAD_SHUTDOWN_TIMEOUT" help:"Time limit for requests in progress when interrupted (${default})."`
	ExpectSuccess   float64       `default:"0" env:"DSPY_METRICS_LOAD_EXPECT_SUCCESS" placeholder:"RATIO" help:"Exit with 1 if a smaller share of the requests succeeds, such as 0.99. Requests that fail on purpose do not count (${default})."`
	Format          string        `default:"text" enum:"text,json" env:"DSPY_METRICS_LOAD_FORMAT" help:"Format of the summary: text or json (${default})."`
	Quiet           bool          `short:"q" env:"DSPY_METRICS_LOAD_QUIET" help:"Do not show progress on the terminal."`
}

// Help is shown by --help.
func (load) Help() string {
	return `With --rate, latency is measured from the time at which a request was due, so a service that stalls cannot hide it.
Each question is sent once, except for --repeats. Shares are between 0 and 1, and refer to all requests.

A DSPy service with fault injection, such as examples/dspy-service with DSPY_SERVICE_FAULTS=1, reacts to the header
X-Fault: 429, 500, slow=SECONDS, hangup, break-stream (streams only), panic.

Examples:
  dspy-metrics load
  dspy-metrics load --rate 200 --duration 1m --repeats 0.3 --failures 0.05 --types predict=3,cot=1
  dspy-metrics load --rate 0 --concurrency 8 --warmup 5s http://qa.example.com
  dspy-metrics load --streams 0.2 --failures 0.1 --fault 429=2 --fault slow=2.5=1 --fault hangup=1
  dspy-metrics load --duration 10s --format json --quiet --expect-success 0.99 | jq .latency_seconds.all.p99

After SIGINT or SIGTERM it sends no more requests, waits for those in progress, and prints the summary.

Exit codes: 0 after the duration or a signal, 1 if nothing could be sent or too few requests succeeded, 2 for invalid
flags or variables.`
}

// Validate is called by the parser.
func (c *load) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.Rate >= 0 && c.Rate <= maxRate, "--rate must be between 0 and %d, got %g", maxRate, c.Rate)
	check(c.Concurrency > 0, "--concurrency must be positive")
	check(c.Duration >= 0, "--duration must not be negative")
	check(c.Warmup >= 0, "--warmup must not be negative")
	check(c.Timeout > 0, "--timeout must be positive")
	check(c.ShutdownTimeout > 0, "--shutdown-timeout must be positive")
	for flag, share := range map[string]float64{
		"--failures": c.Failures, "--repeats": c.Repeats, "--streams": c.Streams, "--expect-success": c.ExpectSuccess,
	} {
		check(share >= 0 && share <= 1, "%s must be between 0 and 1, got %g", flag, share)
	}
	check(c.Failures+c.Repeats <= 1, "the sum of --failures and --repeats must not exceed 1")
	check(len(c.Fault) == 0 || c.Failures > 0, "--fault needs --failures, the share of requests that fail on purpose")
	check(len(c.Types) > 0, "--types must name a prediction type")
	for flag, path := range map[string]string{"--path": c.Path, "--stream-path": c.StreamPath} {
		_, err := url.Parse(path)
		check(err == nil && strings.HasPrefix(path, "/"), "%s must begin with /, got %q", flag, path)
	}
	for _, fault := range c.Fault {
		check(httpguts.ValidHeaderFieldValue(fault.Value), "--fault %q is not a valid header value", fault.Value)
	}
	target, err := url.Parse(c.URL)
	check(err == nil && target.Host != "" && (target.Scheme == "http" || target.Scheme == "https"),
		"expected a URL such as http://localhost:3000, got %q", redact.URL(c.URL))
	_, err = c.header()
	check(err == nil, "%w", err)
	return errors.Join(errs...)
}

// maxRate is more than one process can send.
const maxRate = 1_000_000

// Run sends until ctx ends.
func (c *load) Run(ctx context.Context) error {
	config, err := c.config()
	if err != nil {
		return usageError{err}
	}
	finish := c.report(&config, os.Stderr)
	summary, failed := generator.Run(ctx, config)
	finish()
	return errors.Join(c.print(os.Stdout, &summary), failed, c.judge(&summary))
}

func (c *load) config() (generator.Config, error) {
	header, err := c.header()
	if err != nil {
		return generator.Config{}, err
	}
	questions := lines(string(c.Questions))
	if len(c.Questions) == 0 {
		questions = questionsAbout(views.Default())
	}
	if len(questions) == 0 {
		return generator.Config{}, errors.New("--questions: the file contains no questions")
	}
	target := strings.TrimRight(c.URL, "/")
	return generator.Config{
		URL: target + c.Path, StreamURL: target + c.StreamPath,
		Rate: c.Rate, Concurrency: c.Concurrency, Warmup: c.Warmup, Duration: c.Duration,
		Timeout: c.Timeout, ShutdownTimeout: c.ShutdownTimeout,
		Mix: generator.Mix{
			Types: c.Types, Questions: questions, Failures: c.Failures, Faults: c.Fault,
			Repeats: c.Repeats, Streams: c.Streams,
		},
		Seed:   cmp.Or(c.Seed, uint64(rand.Uint32())), //nolint:gosec // nothing is secret about it
		Header: header, Transport: c.transport(),
	}, nil
}

func (c *load) transport() http.RoundTripper {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: min(c.Timeout, 5*time.Second)}).DialContext,
		MaxIdleConnsPerHost: c.Concurrency, // all of them are used again
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true,
		ForceAttemptHTTP2:   true,
	}
}

func (c *load) header() (http.Header, error) {
	header := make(http.Header)
	for _, field := range c.Header {
		name, value, ok := strings.Cut(field, ":")
		value = strings.TrimSpace(value)
		if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			// The field is not quoted: it may be a secret.
			return nil, errors.New(`--header must have the form "Name: value"`)
		}
		header.Add(name, value)
	}
	return header, nil
}

// report lets the progress be shown on a terminal, until the returned function is
// called.
func (c *load) report(config *generator.Config, stderr *os.File) (finish func()) {
	if c.Quiet {
		return func() {}
	}
	total := config.Duration
	if total > 0 {
		total += config.Warmup
	}
	bar := progress.New(stderr, "starting", int64(total/time.Millisecond))
	config.ProgressInterval = time.Second
	config.Progress = func(p generator.Progress) { bar.Set(p.Elapsed.Milliseconds(), p.String()) }
	return bar.End
}

func (c *load) print(w io.Writer, summary *generator.Summary) error {
	if c.Format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(summary)
	}
	return summary.WriteText(w)
}

// judge returns an error if fewer requests succeeded than expected.
func (c *load) judge(summary *generator.Summary) error {
	if ratio := summary.SuccessRatio; ratio != nil && *ratio < c.ExpectSuccess {
		return fmt.Errorf("the success ratio is %.4f, less than --expect-success %g", *ratio, c.ExpectSuccess)
	}
	return nil
}

// questionsAbout returns questions that the built-in predictor can answer.
func questionsAbout(contract views.Contract) []string {
	var questions []string
	for _, metric := range contract.Metrics.All() {
		questions = append(questions,
			"What does "+metric.Name+" tell?",
			"Which labels does "+metric.Name+" have?",
			"What is the unit of "+metric.Name+"?")
	}
	return questions
}

func lines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
