package otelmetrics

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"syscall"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// classified calls record with the type of an error of a measurement, also if the
// classifier ends the goroutine.
func (p *pipeline) classified(ctx context.Context, err error, record func(ErrorType)) {
	errorType := ErrorOther
	defer func() { record(errorType) }()
	errorType = p.classify(ctx, err)
}

// classify gives the error of a measurement its type: the classifier's, the
// error's own, that of a context that has ended, or what the error looks like.
func (p *pipeline) classify(ctx context.Context, err error) ErrorType {
	if p.config.classify != nil {
		if own := p.config.classify(err); own != "" {
			return own
		}
	}
	c := classify(err)
	if c.evidence > typed {
		if ended := guard(p, "context", "", func() ErrorType { return endOf(ctx) }); ended != "" {
			return ended
		}
	}
	return c.errorType
}

// endOf returns the type of what a context's end cut off, or "" if it has not
// ended.
func endOf(ctx context.Context) ErrorType {
	end := ctx.Err()
	if end == nil {
		return ""
	}
	cause := classify(context.Cause(ctx))
	switch {
	case cause.evidence == typed, cause.evidence == timedOut:
		return cause.errorType
	case errors.Is(end, context.DeadlineExceeded):
		return ErrorTimeout
	default:
		return ErrorCanceled
	}
}

// evidence is how an error got its type: the lower, the more it says.
type evidence int

const (
	typed evidence = iota
	canceled
	timedOut
	tooLarge
	answered // with a status
	disconnected
	none
)

// classification is what an error and those that it wraps say.
type classification struct {
	evidence  evidence
	errorType ErrorType
	left      int // how many errors may still be looked at
}

// maxErrors bounds how many errors of a chain are looked at. A chain may be a
// ring.
const maxErrors = 100

// classify returns what an error says of itself. The methods of errors are not
// ours: one may panic.
func classify(err error) (c classification) {
	c = classification{evidence: none, errorType: ErrorPredictionFailed, left: maxErrors}
	defer func() {
		if recover() != nil && c.evidence == none {
			c.errorType = ErrorOther
		}
	}()
	c.walk(err)
	return c
}

// walk looks at an error and those that it wraps, in the order of [errors.Is].
func (c *classification) walk(err error) {
	for err != nil && c.left > 0 && c.evidence > typed {
		c.left--
		c.look(err)
		switch wrapper := err.(type) { //nolint:errorlint // each error of the chain in turn
		case interface{ Unwrap() error }:
			err = wrapper.Unwrap()
		case interface{ Unwrap() []error }:
			for _, joined := range wrapper.Unwrap() {
				c.walk(joined)
			}
			return
		default:
			return
		}
	}
}

// look looks at an error alone.
func (c *classification) look(err error) {
	if own := ownError(err); own != nil && (own.Type != "" || own.Err == nil) {
		c.found(typed, cmp.Or(own.Type, views.Unknown))
		return
	}
	switch {
	case c.evidence <= canceled:
	case is(err, context.Canceled), is(err, http.ErrAbortHandler):
		c.found(canceled, ErrorCanceled)
	case c.evidence <= timedOut:
	case isTimeout(err):
		c.found(timedOut, ErrorTimeout)
	case c.evidence <= tooLarge:
	case isTooLarge(err):
		c.found(tooLarge, ErrorInvalidInput)
	case c.evidence <= answered:
	case ClassifyStatus(statusOf(err)) != "":
		c.found(answered, ClassifyStatus(statusOf(err)))
	case c.evidence <= disconnected:
	case isDisconnected(err):
		c.found(disconnected, ErrorUpstreamUnavailable)
	}
}

func (c *classification) found(e evidence, t ErrorType) { c.evidence, c.errorType = e, t }

// ownError returns the error as one of ours, or nil.
func ownError(err error) *Error {
	if own, ok := err.(*Error); ok { //nolint:errorlint // this error of the chain
		return own
	}
	var own *Error
	if as, ok := err.(interface{ As(target any) bool }); ok && as.As(&own) {
		return own
	}
	return nil
}

// is reports whether the error alone is the target.
func is(err, target error) bool {
	if err == target { //nolint:errorlint // this error of the chain
		return true
	}
	x, ok := err.(interface{ Is(target error) bool })
	return ok && x.Is(target)
}

func isTimeout(err error) bool {
	if timeout, ok := err.(interface{ Timeout() bool }); ok && timeout.Timeout() {
		return true
	}
	return is(err, context.DeadlineExceeded) || is(err, http.ErrHandlerTimeout)
}

func isTooLarge(err error) bool {
	_, ok := err.(*http.MaxBytesError) //nolint:errorlint // this error of the chain
	return ok
}

// statusOf returns the HTTP status that an error carries, or 0.
func statusOf(err error) int {
	switch carrier := err.(type) { //nolint:errorlint // this error of the chain
	case interface{ StatusCode() int }:
		return carrier.StatusCode()
	case interface{ HTTPStatusCode() int }:
		return carrier.HTTPStatusCode()
	case interface{ GetStatus() int }:
		return carrier.GetStatus()
	}
	value := reflect.ValueOf(err)
	if code, ok := codeOf(value); ok {
		return statusOfCode(code)
	}
	value = reflect.Indirect(value)
	for _, name := range []string{"StatusCode", "HTTPStatusCode"} {
		if status, ok := intField(value, name); ok {
			return status
		}
	}
	return 0
}

// codeOf returns the code of an error of gRPC or Connect. Their methods return
// types of their own, so that no interface can be written without an import.
// The names must be constants: then the linker keeps these methods alone.
func codeOf(value reflect.Value) (code uint64, ok bool) {
	if method := value.MethodByName("GRPCStatus"); method.IsValid() && method.Type().NumIn() == 0 && method.Type().NumOut() == 1 {
		value = method.Call(nil)[0]
	}
	method := value.MethodByName("Code")
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 1 {
		return 0, false
	}
	switch method.Type().Out(0).PkgPath() {
	case "google.golang.org/grpc/codes", "connectrpc.com/connect":
	default:
		return 0, false
	}
	result := method.Call(nil)[0]
	return result.Uint(), true
}

// intField returns the exported field of a struct.
func intField(value reflect.Value, name string) (n int, ok bool) {
	if value.Kind() != reflect.Struct {
		return 0, false
	}
	field, ok := value.Type().FieldByName(name)
	if !ok || !field.IsExported() || field.Type.Kind() != reflect.Int {
		return 0, false
	}
	found, err := value.FieldByIndexErr(field.Index) // an embedded pointer may be nil
	if err != nil {
		return 0, false
	}
	return int(found.Int()), true
}

// isDisconnected reports whether the error says that a connection could not be
// made or broke.
func isDisconnected(err error) bool {
	switch err := err.(type) { //nolint:errorlint // this error of the chain
	case syscall.Errno:
		return aboutConnections(err)
	case *url.Error:
		return err.Op != "parse" // the others are those of http.Client
	}
	for _, broken := range []error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed} {
		if is(err, broken) {
			return true
		}
	}
	return ofTheNetwork(reflect.TypeOf(err))
}

// ofTheNetwork reports whether a type of errors belongs to a package whose errors
// are all about connections. Package net/http has a copy of HTTP/2.
func ofTheNetwork(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch path := t.PkgPath(); path {
	case "net", "crypto/tls", "crypto/x509", "golang.org/x/net/http2":
		return true
	case "net/http":
		return strings.HasPrefix(t.Name(), "http2")
	default:
		return strings.HasPrefix(path, "net/http/internal/http2")
	}
}

func aboutConnections(number syscall.Errno) bool {
	for _, broken := range []error{
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ENOTCONN, syscall.ESHUTDOWN,
		syscall.EHOSTUNREACH, syscall.EHOSTDOWN, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.ENETRESET,
	} {
		if errors.Is(number, broken) {
			return true
		}
	}
	return false
}
