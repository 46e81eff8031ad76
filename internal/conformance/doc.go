// Package conformance compares the metrics of a service with the contract of package
// views and reports the differences, with line and column if possible.
//
// [Parse] reads a page of the text format or of OpenMetrics, and a [Client] collects
// the metrics of an OTLP client. Both give an [Exposition]. [Checker.Check] checks
// one exposition, and [Checker.Compare] compares it with an earlier one. The language
// of the service makes no difference.
//
// The package has its own parser. The library parser that is strict for both formats
// is in the module of the Prometheus server, whose dependencies are many times those
// of this module. No existing parser reports the column of an error, or continues
// after the first error. This parser accepts no page that expfmt rejects. A fuzz test
// compares the two.
//
// Memory is limited for every page: by the number of families and samples that are
// kept, and by the number of findings of one rule that are listed.
package conformance
