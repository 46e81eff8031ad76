// Package conformance compares what a service exposes with the contract of package
// views and says what differs, with the line and column where there is one.
//
// A page of the text format or of OpenMetrics comes from [Parse], the metrics
// of an OTLP client from a [Client]; both are an [Exposition], which
// [Checker.Check] judges alone and [Checker.Compare] against an earlier one.
// Whatever language the service is written in makes no difference.
//
// The parser is the package's own. The library parser that is strict for both
// formats is a part of the Prometheus server's module, whose dependencies are
// many times this module's, and no parser tells the column of a mistake or goes
// on after the first one. It accepts no page that expfmt refuses; a fuzz test
// holds the two against each other.
//
// Memory is bounded for every page: by the families and samples kept, and by the
// findings of one rule that are listed.
package conformance
