package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// The specification's own loader checks the schema and the references. It is what
// docker compose config uses.
func TestComposeFile(t *testing.T) {
	t.Parallel()
	file := "../docker-compose.yml"
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  "..",
		ConfigFiles: []types.ConfigFile{{Filename: file, Content: content}},
		Environment: types.Mapping{"GRAFANA_ADMIN_PASSWORD": "changed"},
	}, loader.WithProfiles([]string{"*"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := *project.Services["grafana"].Environment["GF_SECURITY_ADMIN_PASSWORD"]; got != "changed" {
		t.Errorf("password of Grafana: got %q, want that of the environment", got)
	}
	published := map[string]string{}
	for name, service := range project.Services {
		if !service.ReadOnly || len(service.CapDrop) == 0 || service.CapDrop[0] != "ALL" {
			t.Errorf("%s: got read_only %v, cap_drop %v, want true, ALL", name, service.ReadOnly, service.CapDrop)
		}
		if service.Build == nil {
			if strings.HasPrefix(service.User, "0") || service.User == "" {
				t.Errorf("%s: got user %q, want one without rights", name, service.User)
			}
			if _, tag, ok := strings.Cut(service.Image, ":"); !ok || tag == "latest" {
				t.Errorf("%s: image %q is not pinned", name, service.Image)
			}
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is published on %q, want 127.0.0.1", name, port.Published, port.HostIP)
			}
			published[port.Published] = name
		}
	}
	for port, want := range map[string]string{"3000": "dspy-metrics", "9090": "prometheus", "3001": "grafana", "4318": "otel-collector"} {
		if got := published[port]; got != want {
			t.Errorf("port %s: got %q, want %q", port, got, want)
		}
	}
}
