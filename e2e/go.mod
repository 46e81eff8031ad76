module github.com/dspy-metrics/dspy-metrics/e2e

go 1.26.0

replace github.com/dspy-metrics/dspy-metrics => ..

require (
	github.com/google/go-cmp v0.7.0
	github.com/prometheus/common v0.72.0
)

require (
	github.com/compose-spec/compose-go/v2 v2.9.0 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
