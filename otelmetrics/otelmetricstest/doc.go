// Package otelmetricstest helps to test code that is measured by package
// otelmetrics, without a server, a collector or a sleep.
//
// [New] makes a recorder for one test, with a clock that the test moves:
//
//	m := otelmetricstest.New(t)
//	answer(ctx, m.Recorder)
//	m.Want(t, `dspy_predictions_total{prediction_type="cot",service="test",status="success"} 1`)
//
// Code that makes its recorder itself is tested by what it exposes: see [Scrape]
// and [Parse]. Either way the metrics of one moment are a [Snapshot], to be held
// against lines of the text format, read as numbers, subtracted from a later one
// with [Snapshot.Since], or checked against the contract with
// [Snapshot.Conforms].
//
// Tests with recorders of their own may run in parallel. In a bubble of
// [testing/synctest] a recorder works as it is; let its clock go with the
// bubble's by [Clock.Run]. Only the push path of [otelmetrics.WithOTLP] has no
// place there, because it waits for a network.
package otelmetricstest
