package e2e

import (
	"os/exec"
	"testing"
)

// Whoever reads a Dockerfile knows what hadolint warns of.
func TestDockerfilesAreLinted(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"../Dockerfile", "../examples/dspy-service/Dockerfile"} {
		if output, err := exec.CommandContext(t.Context(), locate(t, "hadolint"), "--no-color", file).CombinedOutput(); err != nil {
			t.Errorf("%v:\n%s", err, output)
		}
	}
}
