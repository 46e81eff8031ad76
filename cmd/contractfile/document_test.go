package contractfile_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/contractfile"
	"github.com/dspy-metrics/dspy-metrics/internal/golden"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// document is the page that shows the contract to readers.
const document = "../../docs/contract.md"

// TestDocument fails if the tables of the page are not those of the contract. With -update it writes them.
func TestDocument(t *testing.T) {
	before, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- contract:begin -->\n", "<!-- contract:end -->"
	head, rest, begun := strings.Cut(string(before), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !begun || !ended {
		t.Fatalf("%s has no contract markers", document)
	}
	golden.Check(t, document, head+begin+"\n"+contractfile.Markdown(views.Default())+"\n"+end+tail)
}

// TestDocumentedFiles fails if the page shows a contract file that cannot be read.
func TestDocumentedFiles(t *testing.T) {
	page, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) == 0 {
		t.Error(document + " shows no contract file")
	}
	for _, block := range blocks {
		if _, err := contractfile.Read(strings.NewReader(block[1]), document); err != nil {
			t.Error(err)
		}
	}
}
