package otelmetrics

// Error gives an error its type, for [Prediction.End]:
//
//	return &otelmetrics.Error{Type: otelmetrics.ErrorRateLimit, Err: err}
type Error struct {
	// Type becomes the label error_type. If it is empty, the cause decides; without
	// one the type is unknown.
	Type ErrorType
	// Err is the cause. It may be nil.
	Err error
}

// Error returns the text of the cause, or the type if there is none.
func (e *Error) Error() string {
	switch {
	case e == nil:
		return "<nil>"
	case e.Err == nil:
		return string(e.Type)
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Classify returns the type of an error, and "" for nil. It looks at the error
// and all that it wraps or joins, up to 100 of them, and decides by the first of
// these that it finds:
//
//   - An [*Error] that has a type: that type.
//   - [context.Canceled] or [http.ErrAbortHandler]: [ErrorCanceled].
//   - [context.DeadlineExceeded], [http.ErrHandlerTimeout], or an error whose
//     method Timeout says so, such as those of package net: [ErrorTimeout].
//   - [*http.MaxBytesError]: [ErrorInvalidInput].
//   - The status of an answer, by [ClassifyStatus]: a method StatusCode,
//     HTTPStatusCode or GetStatus that returns an int, as the clients of AWS and
//     the errors of huma have it, or an exported field StatusCode or
//     HTTPStatusCode, as the clients of OpenAI, Anthropic and Azure have it; or
//     the code of a gRPC or Connect error, as the HTTP status that it
//     corresponds to. The errors of echo, fiber and Google's clients have a field
//     Code, which means other things elsewhere: give them a type by
//     [ClassifyStatus] in the function of [WithErrorClassifier].
//   - A connection that could not be made or broke: an error of package net,
//     crypto/tls, crypto/x509 or HTTP/2, a [*url.Error] of an [http.Client],
//     [io.EOF], [io.ErrUnexpectedEOF], [io.ErrClosedPipe], [net.ErrClosed], or a
//     number of the operating system about connections, networks and hosts:
//     [ErrorUpstreamUnavailable].
//
// Everything else is [ErrorPredictionFailed]. If a method of an error panics before
// anything is found, the type is [ErrorOther].
func Classify(err error) ErrorType {
	if err == nil {
		return ""
	}
	return classify(err).errorType
}
