package otlp

import (
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// NewClient returns a client with the name and the instance of the resource, which may be nil.
func NewClient(resource *resourcepb.Resource) *conformance.Client {
	var service, instance string
	for _, attribute := range resource.GetAttributes() {
		switch attribute.GetKey() {
		case "service.name":
			service = text(attribute.GetValue())
		case "service.instance.id":
			instance = text(attribute.GetValue())
		}
	}
	return conformance.NewClient(service, instance)
}
