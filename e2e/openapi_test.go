package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// The document is one by the rules of OpenAPI itself.
func TestOpenAPI(t *testing.T) {
	s := serve(t)
	status, _, document, err := exchange(t, http.MethodGet, "http://"+s.address+"/openapi.json", nil)
	if err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %v", status, err)
	}
	file := filepath.Join(t.TempDir(), "openapi.json")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := start(t, "e2e-python", "-m", "openapi_spec_validator", file).wait(t); err != nil {
		t.Errorf("the document is not valid: %v", err)
	}
}
