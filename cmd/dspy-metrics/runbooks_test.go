package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/alecthomas/kong"
)

// A runbook leads to flags that exist, and never to source code: who is on call has a
// release, not a checkout.
func TestRunbooksLeadToFlags(t *testing.T) {
	t.Parallel()
	parser, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	var collect func(*kong.Node)
	collect = func(node *kong.Node) {
		for _, flag := range node.Flags {
			flags = append(flags, "--"+flag.Name)
		}
		for _, child := range node.Children {
			collect(child)
		}
	}
	collect(parser.Model.Node)

	pages, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("got runbooks %q, %v", pages, err)
	}
	// Those of programs that are not ours.
	others := regexp.MustCompile("`(?:kubectl|amtool|otelcol|curl|docker|prometheus|journalctl) [^`]*`|--web\\.[a-z.-]+")
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		ours := others.ReplaceAllString(string(text), "")
		for _, flag := range regexp.MustCompile(`--[a-z][a-z0-9-]+`).FindAllString(ours, -1) {
			if !slices.Contains(flags, flag) {
				t.Errorf("%s: there is no flag %s", page, flag)
			}
		}
		if source := regexp.MustCompile(`[\w/]+\.go\b`).FindString(ours); source != "" {
			t.Errorf("%s leads to source code: %s", page, source)
		}
	}
}
