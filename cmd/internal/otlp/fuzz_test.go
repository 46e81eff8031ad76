package otlp_test

import (
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// FuzzOTLP decodes exports of every content.
func FuzzOTLP(f *testing.F) {
	for _, export := range []*collectorpb.ExportMetricsServiceRequest{conforming(f), {}} {
		raw, err := proto.Marshal(export)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var export collectorpb.ExportMetricsServiceRequest
		if proto.Unmarshal(raw, &export) != nil {
			return
		}
		checker().Check(exported(checker(), &export, &export).Exposition)
	})
}
