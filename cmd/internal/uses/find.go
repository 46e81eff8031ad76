package uses

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The limits of what is read.
const (
	maxFiles     = 10_000
	maxFileBytes = 16 << 20
	maxBytes     = 256 << 20
	maxQueries   = 100_000
)

// Find reads the dashboards and rules at these paths: files, or folders with all
// files below them that end in .json, .yaml, .yml or .rules. Hidden folders and
// node_modules are left out. A file that cannot be parsed is a problem and not an
// error, as a folder may hold templates too.
func Find(paths []string) (Found, error) {
	f := &finder{}
	for _, path := range paths {
		err := filepath.WalkDir(path, func(place string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && place != path && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
				return filepath.SkipDir
			case place != path && (!entry.Type().IsRegular() || !readable(place)), entry.IsDir():
				return nil
			}
			return f.file(place)
		})
		if err != nil {
			return Found{}, err
		}
	}
	if len(f.Queries) == 0 && len(f.Problems) == 0 {
		return Found{}, fmt.Errorf("no query was found in %s (%d files were read): expected dashboards in JSON or rules in YAML", strings.Join(paths, ", "), f.Files)
	}
	return f.Found, nil
}

func readable(path string) bool {
	return slices.Contains([]string{".json", ".yaml", ".yml", ".rules"}, strings.ToLower(filepath.Ext(path)))
}

type finder struct {
	Found
	bytes int
}

func (f *finder) file(path string) error {
	if f.Files++; f.Files > maxFiles {
		return fmt.Errorf("more than %d files: name a smaller folder", maxFiles)
	}
	file, err := os.Open(path) //nolint:gosec // below the folder that the user names.
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return err
	}
	if len(raw) > maxFileBytes {
		f.problem(path, node{}, fmt.Sprintf("the file is larger than %d bytes", maxFileBytes))
		return nil
	}
	if f.bytes += len(raw); f.bytes > maxBytes {
		return fmt.Errorf("the files have more than %d bytes: name a smaller folder", maxBytes)
	}
	isJSON := strings.EqualFold(filepath.Ext(path), ".json")
	f.content(path, raw, isJSON, node{})
	if len(f.Queries) > maxQueries {
		return fmt.Errorf("more than %d queries: name a smaller folder", maxQueries)
	}
	return nil
}

// content takes a file, or the text that a document has inside it, at the place.
func (f *finder) content(path string, raw []byte, isJSON bool, outer node) {
	all, err := documents(raw, isJSON)
	if err != nil {
		f.problem(path, outer, err.Error())
		return
	}
	for _, document := range all {
		f.document(path, document, outer)
	}
}

// document takes one document, and the resources of a list one by one.
func (f *finder) document(path string, document, outer node) {
	kind := document.get("kind").text
	switch {
	case outer.line > 0: // A text inside a text would be nobody's.
	case strings.HasSuffix(kind, "List"):
		for _, item := range document.get("items").items {
			f.document(path, item, outer)
		}
		return
	case kind == "ConfigMap":
		f.texts(path, document.get("data").fields)
		return
	case kind == "GrafanaDashboard" && document.at("spec", "json").text != "":
		f.texts(path, []field{{"dashboard.json", document.at("spec", "json")}})
		return
	}
	c := collector{finder: f, file: path, outer: outer, values: variables(document)}
	c.walk(document, scope{})
}

// texts takes the files that a Kubernetes resource holds as text.
func (f *finder) texts(path string, texts []field) {
	for _, text := range texts {
		if readable(text.name) {
			isJSON := strings.EqualFold(filepath.Ext(text.name), ".json")
			f.content(path, []byte(text.value.text), isJSON, text.value)
		}
	}
}

func (f *finder) problem(path string, at node, text string) {
	f.Problems = append(f.Problems, Problem{File: path, Line: max(at.line, 1), Column: max(at.column, 1), Text: text})
}
