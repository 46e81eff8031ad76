package otlptest

import (
	"net/http"
	"strconv"
)

// Code is a status of gRPC.
type Code int

// Codes of gRPC that tests answer with.
const (
	InvalidArgument   Code = 3
	ResourceExhausted Code = 8
	Internal          Code = 13
	Unavailable       Code = 14
	Unauthenticated   Code = 16
)

// Answer is the response of a [Receiver] to the next requests; see
// [Receiver.Respond].
type Answer struct {
	mode   mode
	status int
	// retryAfter is a header of HTTP.
	retryAfter string
}

type mode int

const (
	accepting mode = iota
	failing
	hanging
	refusing
	denying
	rejecting
	garbling
	breaking
)

// Accept answers with success. It is what a new [Receiver] does.
func Accept() Answer { return Answer{mode: accepting} }

// Fail answers with an error: a gRPC code if the receiver speaks gRPC, an HTTP
// status if it speaks HTTP.
func Fail[S Code | int](status S) Answer {
	return Answer{mode: failing, status: int(status)}
}

// FailFor is Fail with the time, in seconds, after which to come back. gRPC
// has another way to say so.
func FailFor[S Code | int](status S, seconds int) Answer {
	return Answer{mode: failing, status: int(status), retryAfter: strconv.Itoa(seconds)}
}

// Reject answers with the partial success that rejects a point.
func Reject() Answer { return Answer{mode: rejecting} }

// Garble answers with a success that is nonsense.
func Garble() Answer { return Answer{mode: garbling} }

// Break reads the request, and then closes all connections without an answer.
func Break() Answer { return Answer{mode: breaking} }

// Hang gives no answer until the client goes or the test ends.
func Hang() Answer { return Answer{mode: hanging} }

// Refuse closes the open connections, and every new one before a byte is read.
func Refuse() Answer { return Answer{mode: refusing} }

// grpcCode is the gRPC code to fail with: what a hung or refused request gets,
// should the connection live on, is the retryable one.
func (a Answer) grpcCode() Code {
	switch a.mode {
	case failing:
		return Code(a.status)
	case denying:
		return Unauthenticated
	default:
		return Unavailable
	}
}

// httpStatus is grpcCode for HTTP.
func (a Answer) httpStatus() int {
	switch a.mode {
	case failing:
		return a.status
	case denying:
		return http.StatusUnauthorized
	default:
		return http.StatusServiceUnavailable
	}
}

// body is the answer of a request that was understood, false if it fails.
func (a Answer) body() ([]byte, bool) {
	switch a.mode {
	case accepting:
		return nil, true // a complete success has no fields, so its encoding has no bytes
	case rejecting:
		return rejection(), true
	case garbling:
		return []byte("garbage"), true
	default:
		return nil, false
	}
}
