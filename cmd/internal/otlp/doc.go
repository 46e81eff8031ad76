// Package otlp turns what OTLP clients send into what package conformance checks.
package otlp
