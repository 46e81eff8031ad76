package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ofDocs returns the queries of the documentation: each block ```promql is one.
// Where the fence says "promql empty-ok" it may be that there is nothing to be found.
// A runbook is read alone, as its root.
func ofDocs(t *testing.T, root string) []expression {
	t.Helper()
	block := regexp.MustCompile("(?ms)^[ \t]*```promql([^\n]*)\n(.*?)^[ \t]*```")
	var out []expression
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == runbooks {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, at := range block.FindAllSubmatchIndex(content, -1) {
			info := strings.TrimSpace(string(content[at[2]:at[3]]))
			if info != "" && info != "empty-ok" {
				t.Errorf("%s: a fence says %q, which means nothing", path, info)
			}
			out = append(out, expression{
				where: fmt.Sprintf("%s:%d", path, 1+strings.Count(string(content[:at[2]]), "\n")),
				query: string(content[at[4]:at[5]]),
				empty: info != "",
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
