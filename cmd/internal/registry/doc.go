// Package registry reads and writes contracts in the form of OpenTelemetry's
// semantic conventions: a registry of its tool weaver, in the first or the second
// form of its files or resolved into one, with the annotations by which
// Prometheus describes its own metrics; or the conventions as they come in a Go
// or an npm package.
//
// A registry is a file or a folder. What it depends on must be in folders
// beside it: nothing is downloaded. Reading is bounded, in bytes, files, depth
// and metrics.
package registry
