package dspymetrics_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each folder with dependencies of its own gets updates, and each action of a
// workflow is the commit that was looked at.
func TestUpdatesAndPins(t *testing.T) {
	t.Parallel()
	config, err := os.ReadFile(".github/dependabot.yml")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && len(path) > 1 {
			return fs.SkipDir
		}
		name := entry.Name()
		if name != "go.mod" && name != "Dockerfile" && !strings.HasPrefix(name, "requirements") {
			return nil
		}
		folder := "/" + strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), ".")
		if !strings.Contains(string(config), `"`+folder+`"`) {
			t.Errorf("%s: dependabot.yml does not name the folder %q", path, folder)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	workflows, err := filepath.Glob(".github/workflows/*.yml")
	if err != nil || len(workflows) == 0 {
		t.Fatalf("got %d workflows, %v", len(workflows), err)
	}
	uses := regexp.MustCompile(`(?m)uses:\s*(\S+)`)
	pinned := regexp.MustCompile(`^(\./|[^@]+@[0-9a-f]{40}$)`)
	for _, workflow := range workflows {
		text, err := os.ReadFile(workflow)
		if err != nil {
			t.Fatal(err)
		}
		for _, used := range uses.FindAllStringSubmatch(string(text), -1) {
			if !pinned.MatchString(used[1]) {
				t.Errorf("%s: %s is not pinned by commit", workflow, used[1])
			}
		}
		if !strings.Contains(string(text), "\npermissions: {}\n") {
			t.Errorf("%s: the workflow does not begin without permissions", workflow)
		}
	}
}
