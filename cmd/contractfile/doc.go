// Package contractfile reads and writes the metric contract as a file, so that
// the service, the command and a Go program of your own share one:
//
//	contract, err := contractfile.Load("contract.yaml")
//	if err != nil { … } // every mistake, each with file, line and column
//	recorder, err := otelmetrics.New(ctx, otelmetrics.WithContract(contract))
//
// The file is YAML, of which JSON is a part, and is laid over [views.Default]:
// it says what is different.
//
//	labels:
//	  prediction_type: {add: [summarize]}
//	metrics:
//	  dspy_prediction_duration_seconds: {buckets: slow, form: classic+native}
//	  dspy_cost_usd_total: off
//	own_labels:
//	  tenant: {description: Who asks, only: [acme, initech]}
//	own_metrics:
//	  rag_documents_total: {instrument: rag.documents, kind: counter, unit: "{document}", description: Documents that were retrieved}
//
// [Schema] is its JSON Schema, for editors and other checks. [YAML] and [JSON]
// write a contract whole, in the same form; [Markdown] and [Weaver] for readers
// and for OpenTelemetry's tools.
package contractfile
