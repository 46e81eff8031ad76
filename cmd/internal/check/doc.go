// Package check reads what services expose, from pages and by OTLP, and reports
// how that differs from the contract. What the differences are is for package
// conformance to say.
//
// Memory is bounded for every input: by the bytes read and, by that package, by
// what is kept of them.
package check
