package otelmetrics_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// The errors of clients, in the shapes that these have.
type (
	statusError     struct{ error }                          // smithy-go's HTTP errors, many others
	awsError        struct{ error }                          // AWS' response errors
	humaError       struct{ error }                          // huma's
	openAIError     struct{ StatusCode int }                 // openai-go, anthropic-sdk-go, azcore
	embeddedError   struct{ *openAIError }                   // one that has it from another
	goOpenAIError   struct{ HTTPStatusCode int }             // go-openai
	unexportedError struct{ statusCode, httpStatusCode int } // nobody's
	textError       struct{ StatusCode string }              // nobody's
	smtpError       struct{ Code int }                       // net/textproto, googleapi
	canceledError   struct{ error }                          // says that it is a cancellation
	asError         struct{ as otelmetrics.ErrorType }       // says that it is one of ours
)

func (statusError) StatusCode() int        { return 503 }
func (awsError) HTTPStatusCode() int       { return 429 }
func (humaError) GetStatus() int           { return 429 }
func (e *openAIError) Error() string       { return "openai" }
func (e *goOpenAIError) Error() string     { return "go-openai" }
func (e *unexportedError) Error() string   { return "unexported" }
func (e textError) Error() string          { return "text" }
func (e *smtpError) Error() string         { return "smtp" }
func (canceledError) Is(target error) bool { return target == context.Canceled }
func (e asError) Error() string            { return "as" }
func (e asError) As(target any) bool {
	own, ok := target.(**otelmetrics.Error)
	if ok {
		*own = &otelmetrics.Error{Type: e.as}
	}
	return ok
}

func TestClassify(t *testing.T) {
	t.Parallel()
	const (
		canceled, timeout, invalid = otelmetrics.ErrorCanceled, otelmetrics.ErrorTimeout, otelmetrics.ErrorInvalidInput
		unavailable, failed, rate  = otelmetrics.ErrorUpstreamUnavailable, otelmetrics.ErrorPredictionFailed, otelmetrics.ErrorRateLimit
		other                      = otelmetrics.ErrorOther
	)
	var none *otelmetrics.Error
	no := errors.New("no")
	for name, test := range map[string]struct {
		err  error
		want otelmetrics.ErrorType
	}{
		"nil": {nil, ""},

		"typed":               {fmt.Errorf("ask: %w", &otelmetrics.Error{Type: rate, Err: context.Canceled}), rate},
		"joined with typed":   {errors.Join(no, &otelmetrics.Error{Type: "mine"}), "mine"},
		"typed behind others": {errors.Join(io.EOF, context.Canceled, &otelmetrics.Error{Type: "mine"}), "mine"},
		"typed of no type":    {&otelmetrics.Error{Err: io.EOF}, unavailable},
		"typed of nothing":    {&otelmetrics.Error{}, "unknown"},
		"typed nil":           {none, failed},
		"typed by As":         {asError{"mine"}, "mine"},

		"canceled":           {fmt.Errorf("ask: %w", context.Canceled), canceled},
		"aborted":            {fmt.Errorf("ask: %w", http.ErrAbortHandler), canceled},
		"canceled by Is":     {canceledError{no}, canceled},
		"canceled in a call": {&url.Error{Op: "Post", URL: "http://x", Err: context.Canceled}, canceled},

		"deadline":            {fmt.Errorf("ask: %w", context.DeadlineExceeded), timeout},
		"network timeout":     {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, timeout},
		"ETIMEDOUT":           {fmt.Errorf("dial: %w", syscall.ETIMEDOUT), timeout},
		"name server timeout": {&net.DNSError{IsTimeout: true}, timeout},
		"handler timeout":     {http.ErrHandlerTimeout, timeout},
		"timeout of a call":   {&url.Error{Op: "Get", Err: os.ErrDeadlineExceeded}, timeout},

		"body too large": {&http.MaxBytesError{Limit: 1}, invalid},

		"StatusCode":            {fmt.Errorf("ask: %w", statusError{no}), unavailable},
		"GetStatus":             {fmt.Errorf("ask: %w", humaError{no}), rate},
		"HTTPStatusCode":        {errors.Join(no, awsError{no}), rate},
		"field StatusCode":      {fmt.Errorf("ask: %w", &openAIError{429}), rate},
		"field, other status":   {&openAIError{422}, invalid},
		"field of no answer":    {&openAIError{0}, failed},
		"field by value":        {embeddedError{&openAIError{504}}, timeout},
		"field of nothing":      {embeddedError{}, failed},
		"field HTTPStatusCode":  {&goOpenAIError{529}, unavailable},
		"unexported field":      {&unexportedError{429, 429}, failed},
		"field of text":         {textError{"429"}, failed},
		"field Code":            {&smtpError{429}, failed},
		"status and connection": {fmt.Errorf("%w: %w", io.EOF, &openAIError{429}), rate},

		"dial":              {&net.OpError{Op: "dial", Err: no}, unavailable},
		"ECONNREFUSED":      {fmt.Errorf("ask: %w", syscall.ECONNREFUSED), unavailable},
		"ECONNRESET":        {syscall.ECONNRESET, unavailable},
		"ECONNABORTED":      {os.NewSyscallError("write", syscall.ECONNABORTED), unavailable},
		"EPIPE":             {&fs.PathError{Err: syscall.EPIPE}, unavailable},
		"EHOSTUNREACH":      {syscall.EHOSTUNREACH, unavailable},
		"ENETUNREACH":       {syscall.ENETUNREACH, unavailable},
		"ENOENT":            {&fs.PathError{Op: "open", Err: syscall.ENOENT}, failed},
		"EOF":               {fmt.Errorf("read: %w", io.EOF), unavailable},
		"unexpected EOF":    {io.ErrUnexpectedEOF, unavailable},
		"closed":            {net.ErrClosed, unavailable},
		"closed pipe":       {io.ErrClosedPipe, unavailable},
		"no such host":      {&net.DNSError{IsNotFound: true}, unavailable},
		"unknown authority": {fmt.Errorf("tls: %w", x509.UnknownAuthorityError{}), unavailable},
		"wrong name":        {x509.HostnameError{Certificate: new(x509.Certificate)}, unavailable},
		"expired":           {&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{}}, unavailable},
		"no TLS":            {tls.RecordHeaderError{}, unavailable},
		"alert":             {tls.AlertError(40), unavailable},
		"call of any fault": {&url.Error{Op: "Post", URL: "http://x", Err: no}, unavailable},
		"no URL":            {&url.Error{Op: "parse", Err: no}, failed},

		"anything": {no, failed},
		"JSON":     {json.Unmarshal([]byte("{"), new(int)), failed},
	} {
		if got := otelmetrics.Classify(test.err); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestClassifyStatus(t *testing.T) {
	t.Parallel()
	for status := range 1000 {
		want := otelmetrics.ErrorType("")
		switch {
		case status == 400, status == 413, status == 415, status == 422, status >= 300 && status < 400:
			want = otelmetrics.ErrorInvalidInput
		case status == 429:
			want = otelmetrics.ErrorRateLimit
		case status == 408, status == 504, status == 522, status == 524, status == 598, status == 599:
			want = otelmetrics.ErrorTimeout
		case status == 460, status == 499:
			want = otelmetrics.ErrorCanceled
		case status == 502, status == 503, status >= 520 && status <= 530:
			want = otelmetrics.ErrorUpstreamUnavailable
		case status >= 500:
			want = otelmetrics.ErrorPredictionFailed
		case status >= 400:
			want = otelmetrics.ErrorOther
		}
		if got := otelmetrics.ClassifyStatus(status); got != want {
			t.Errorf("%d: got %q, want %q", status, got, want)
		}
	}
}

// What Go's own client says of servers that break off in many ways.
func TestClassifyOfRealCalls(t *testing.T) {
	t.Parallel()
	handlers := map[string]http.HandlerFunc{
		"reset": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = w.Write([]byte("x"))
		},
		"stream": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("x"))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	}
	for name, handler := range handlers {
		for _, http2 := range []bool{false, true} {
			server := httptest.NewUnstartedServer(handler)
			server.Config.ErrorLog = nil
			server.EnableHTTP2 = http2
			server.StartTLS()
			t.Cleanup(server.Close)
			err := call(t.Context(), server.Client(), server.URL)
			wantType(t, fmt.Sprintf("%s, HTTP/2 %t", name, http2), err, otelmetrics.ErrorUpstreamUnavailable)
			err = call(t.Context(), http.DefaultClient, server.URL)
			wantType(t, "unknown authority", err, otelmetrics.ErrorUpstreamUnavailable)
			err = call(t.Context(), http.DefaultClient, strings.Replace(server.URL, "https", "http", 1))
			wantType(t, "HTTP to a TLS port", err, "") // answered 400
		}
	}
	answers := map[string]string{
		"nonsense":       "nonsense\r\n\r\n",
		"nothing":        "",
		"headers only":   "HTTP/1.1 200 OK\r\nContent-Le",
		"bad chunk":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"cut chunk":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
		"HTTP for HTTPS": "HTTP/1.1 400 Bad Request\r\n\r\n",
	}
	for name, answer := range answers {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				if name != "HTTP for HTTPS" {
					_, _ = http.ReadRequest(bufio.NewReader(conn))
				}
				_, _ = io.WriteString(conn, answer)
				_ = conn.(*net.TCPConn).CloseWrite() //nolint:forcetypeassert // of TCP
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
			}
		}()
		scheme := "http://"
		if name == "HTTP for HTTPS" {
			scheme = "https://"
		}
		err = call(t.Context(), http.DefaultClient, scheme+listener.Addr().String())
		if name == "bad chunk" {
			wantType(t, name, err, otelmetrics.ErrorPredictionFailed) // an error of text alone
			continue
		}
		wantType(t, name, err, otelmetrics.ErrorUpstreamUnavailable)
	}
	err := call(t.Context(), http.DefaultClient, "http://127.0.0.1:1")
	wantType(t, "refused", err, otelmetrics.ErrorUpstreamUnavailable)
	err = call(t.Context(), http.DefaultClient, "http://nobody.invalid")
	wantType(t, "no such host", err, otelmetrics.ErrorUpstreamUnavailable)
	ended, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	err = call(ended, http.DefaultClient, "http://127.0.0.1:1")
	wantType(t, "deadline", err, otelmetrics.ErrorTimeout)
}

func wantType(t *testing.T, name string, err error, want otelmetrics.ErrorType) {
	t.Helper()
	if got := otelmetrics.Classify(err); got != want {
		t.Errorf("%s: got %q of %v (%T), want %q", name, got, err, err, want)
	}
}

func call(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("x"))
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.ReadAll(response.Body)
	return err
}

// A context that has ended decides about an error that has no type of its own.
func TestContextDecides(t *testing.T) {
	t.Parallel()
	deadline, stop := context.WithTimeout(context.Background(), 0)
	defer stop()
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	because := func(cause error) context.Context {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(cause)
		return ctx
	}
	late, stopLate := context.WithTimeoutCause(context.Background(), 0, errors.New("late"))
	defer stopLate()
	child, stopChild := context.WithTimeout(canceled, time.Hour)
	defer stopChild()
	ways := map[string]struct {
		ctx  context.Context //nolint:containedctx // of the test
		want otelmetrics.ErrorType
	}{
		"canceled":               {canceled, otelmetrics.ErrorCanceled},
		"child of canceled":      {child, otelmetrics.ErrorCanceled},
		"deadline":               {deadline, otelmetrics.ErrorTimeout},
		"deadline with cause":    {late, otelmetrics.ErrorTimeout},
		"cause":                  {because(errors.New("client went away")), otelmetrics.ErrorCanceled},
		"cause of a deadline":    {because(fmt.Errorf("late: %w", context.DeadlineExceeded)), otelmetrics.ErrorTimeout},
		"typed cause":            {because(fmt.Errorf("no: %w", &otelmetrics.Error{Type: otelmetrics.ErrorRateLimit})), otelmetrics.ErrorRateLimit},
		"another call's failure": {because(io.EOF), otelmetrics.ErrorCanceled},
	}
	for name, way := range ways {
		for _, err := range []error{
			errors.New("no"), syscall.EPIPE, io.ErrClosedPipe, net.ErrClosed, io.EOF, context.Canceled, context.DeadlineExceeded, &net.OpError{Op: "write", Err: syscall.ECONNRESET},
			&openAIError{500}, &url.Error{Op: "Post", Err: errors.New("no")},
		} {
			m := newRecorder(t)
			_, p := m.StartPrediction(way.ctx, otelmetrics.Predict)
			p.End(&err)
			m.RecordUpstreamAttempt(way.ctx, err)
			wantLines(t, scrape(t, m, text),
				fmt.Sprintf(`dspy_errors_total{error_type=%q,service="qa"} 1`, way.want),
				fmt.Sprintf(`dspy_upstream_attempts_total{outcome=%q,service="qa"} 1`, way.want))
			if t.Failed() {
				t.Fatalf("%s, error %v", name, err)
			}
		}
		var typed error = &otelmetrics.Error{Type: otelmetrics.ErrorInvalidInput}
		m := newRecorder(t)
		_, p := m.StartPrediction(way.ctx, otelmetrics.Predict)
		p.End(&typed)
		_, p = m.StartPrediction(way.ctx, otelmetrics.Predict)
		p.End(nil)
		wantLines(t, scrape(t, m, text), `dspy_errors_total{error_type="invalid_input",service="qa"} 1`,
			`dspy_predictions_total{prediction_type="predict",service="qa",status="success"} 1`)
	}
}
