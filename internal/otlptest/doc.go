// Package otlptest is an OTLP metrics receiver for tests: a real gRPC or HTTP
// server on a loopback port that keeps what it was sent and misbehaves on demand.
//
// A receiver belongs to the test that made it. It stops when the test ends and
// leaves no goroutine behind. All its methods are safe for concurrent use.
package otlptest
