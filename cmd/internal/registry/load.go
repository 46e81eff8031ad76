package registry

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// The limits of a registry, what it depends on included.
const (
	maxBytes = 64 << 20
	maxFiles = 10_000
	maxDepth = 10
	// maxMetrics is far above the few hundred of the semantic conventions.
	maxMetrics = 100_000
)

// Is reports whether the path holds a registry or a package of conventions, and not
// a contract file of package contractfile.
func Is(path string) bool {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return false
	case info.IsDir():
		return true
	}
	f, err := os.Open(path) //nolint:gosec // The user names the file to read.
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(f, maxBytes))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(raw)) {
		key, _, _ := strings.Cut(strings.TrimSpace(strings.Trim(line, "{\"\n ")), ":")
		switch strings.Trim(key, `"' `) {
		case "groups", "file_format", "schema_url", "registry_url", "dependencies", "resolved_registry_uri", "attribute_catalog":
			return true
		}
	}
	return false
}

// Load reads the registry or the package at this path: a file or a folder. The
// error joins every [*Mistake], the first 100.
func Load(path string) (contract.Contract, error) {
	info, err := os.Stat(path)
	if err != nil {
		return contract.Contract{}, err
	}
	if info.IsDir() {
		switch {
		case has(path, "package.json"):
			return nodePackage(path)
		case has(path, "*.go"):
			return goPackage(path)
		}
	}
	l := newLoader()
	root, err := l.load(path, nil)
	if err != nil {
		return contract.Contract{}, err
	}
	return l.finish(root)
}

// Read reads a registry of one file. The name is for mistakes.
func Read(raw []byte, name string) (contract.Contract, error) {
	l := newLoader()
	s := newSource(name)
	if err := l.parse(s, name, raw); err != nil {
		return contract.Contract{}, err
	}
	return l.finish(s)
}

func newLoader() *loader { return &loader{seen: make(map[string]*source)} }

func newSource(path string) *source {
	return &source{path: path, attributes: make(map[string]*attribute), groups: make(map[string]*group), defined: make(map[string]*group)}
}

// finish makes the contract, if there is no mistake.
func (l *loader) finish(root *source) (contract.Contract, error) {
	if err := l.err(); err != nil {
		return contract.Contract{}, err
	}
	c := l.contract(root)
	if err := l.err(); err != nil {
		return contract.Contract{}, err
	}
	if len(c.Metrics) == 0 {
		return contract.Contract{}, fmt.Errorf("%s: no metric is defined or imported: is it a registry?", root.path)
	}
	return c, nil
}

func has(folder, pattern string) bool {
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	return err == nil && len(found) > 0
}

// loader reads registries, each once.
type loader struct {
	mistakes
	seen         map[string]*source
	bytes, files int
	metrics      int
}

// source is one registry, not resolved yet.
type source struct {
	path       string
	attributes map[string]*attribute
	groups     map[string]*group
	metrics    []*group
	defined    map[string]*group // the metrics that are no refinements, by name, the first of each
	imports    []pattern
	namespaces []string
	depends    []*source
	missing    []string // dependencies that are not here
}

// pattern is an import, with its place.
type pattern struct {
	text string
	file string
	node *yaml.Node
}

// manifest is the file that describes a registry.
type manifest struct {
	Name                string       `yaml:"name"`
	Description         string       `yaml:"description"`
	Version             string       `yaml:"version"`
	SemconvVersion      string       `yaml:"semconv_version"`
	Stability           string       `yaml:"stability"`
	FileFormat          string       `yaml:"file_format"`
	SchemaURL           yaml.Node    `yaml:"schema_url"`
	SchemaBaseURL       yaml.Node    `yaml:"schema_base_url"`
	ResolvedRegistryURI string       `yaml:"resolved_registry_uri"`
	Dependencies        []dependency `yaml:"dependencies"`
}

type dependency struct {
	Name         string    `yaml:"name"`
	SchemaURL    yaml.Node `yaml:"schema_url"`
	RegistryPath string    `yaml:"registry_path"`
}

// load reads the registry at a path; the chain is what led to it.
func (l *loader) load(path string, chain []string) (*source, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if slices.Contains(chain, absolute) {
		return nil, fmt.Errorf("the registries depend on one another in a cycle: %s", strings.Join(append(chain, absolute), " -> "))
	}
	if known, ok := l.seen[absolute]; ok {
		return known, nil
	}
	if len(chain) > maxDepth {
		return nil, fmt.Errorf("registries depend on one another more than %d deep: %s", maxDepth, strings.Join(chain, " -> "))
	}
	s := newSource(path)
	l.seen[absolute] = s
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	chain = append(slices.Clip(chain), absolute)
	if !info.IsDir() {
		if isManifest(path) {
			return s, l.manifest(s, path, chain)
		}
		return s, l.file(s, path)
	}
	manifests := []string{"manifest.yaml", "registry_manifest.yaml", "manifest.yml", "registry_manifest.yml"}
	for _, name := range manifests {
		if place := filepath.Join(path, name); has(path, name) {
			if err := l.manifest(s, place, chain); err != nil {
				return nil, err
			}
			if len(s.metrics)+len(s.attributes) > 0 {
				return s, nil // It names the file that has everything.
			}
			break
		}
	}
	return s, l.folder(s, path, manifests)
}

func isManifest(path string) bool {
	return strings.HasPrefix(strings.TrimPrefix(filepath.Base(path), "registry_"), "manifest.y")
}

// folder reads all files of a folder and those below it.
func (l *loader) folder(s *source, path string, manifests []string) error {
	found := false
	err := filepath.WalkDir(path, func(place string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && place != path && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case entry.IsDir() && place != path && slices.ContainsFunc(manifests, func(name string) bool { return has(place, name) }):
			return filepath.SkipDir // It is a registry of its own.
		case !entry.Type().IsRegular() || slices.Contains(manifests, entry.Name()):
			return nil
		case filepath.Ext(place) != ".yaml" && filepath.Ext(place) != ".yml":
			return nil
		}
		found = true
		return l.file(s, place)
	})
	if err == nil && !found && len(s.depends) == 0 {
		return fmt.Errorf("%s: the folder has no file that ends in .yaml or .yml", path)
	}
	return err
}

// manifest reads what a registry depends on.
func (l *loader) manifest(s *source, path string, chain []string) error {
	raw, err := l.read(path)
	if err != nil {
		return err
	}
	var m manifest
	if err := yaml.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if m.ResolvedRegistryURI != "" {
		place := filepath.Join(filepath.Dir(path), filepath.FromSlash(m.ResolvedRegistryURI))
		if remote(m.ResolvedRegistryURI) || !has(filepath.Dir(place), filepath.Base(place)) {
			return fmt.Errorf("%s: the resolved registry %q is not beside the manifest: download it", path, m.ResolvedRegistryURI)
		}
		return l.file(s, place)
	}
	for _, d := range m.Dependencies {
		name := d.RegistryPath
		if name == "" {
			name = d.SchemaURL.Value
		}
		place, ok := local(filepath.Dir(path), d.RegistryPath)
		if !ok {
			// It is a mistake only if something of it is needed.
			s.missing = append(s.missing, name)
			continue
		}
		depends, err := l.load(place, chain)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		s.depends = append(s.depends, depends)
	}
	return nil
}

func remote(path string) bool {
	return strings.Contains(path, "://") || strings.HasPrefix(path, "git@")
}

// local finds the folder of a dependency beside the manifest, above it, or where
// the command runs. A sub-folder may be in brackets, as in weaver.
func local(beside, path string) (string, bool) {
	if path == "" || remote(path) {
		return "", false
	}
	path, sub, _ := strings.Cut(path, "[")
	path = filepath.Join(filepath.FromSlash(path), filepath.FromSlash(strings.TrimSuffix(sub, "]")))
	if filepath.IsAbs(path) {
		_, err := os.Stat(path)
		return path, err == nil
	}
	for up := range maxDepth {
		place := filepath.Join(beside, strings.Repeat("../", up), path)
		if up == maxDepth-1 {
			place = path
		}
		if _, err := os.Stat(place); err == nil {
			return place, true
		}
	}
	return "", false
}

func (l *loader) read(path string) ([]byte, error) {
	if l.files++; l.files > maxFiles {
		return nil, fmt.Errorf("more than %d files: name the folder of the registry", maxFiles)
	}
	f, err := os.Open(path) //nolint:gosec // below the folder that the user names.
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if l.bytes += len(raw); l.bytes > maxBytes {
		return nil, fmt.Errorf("%s: the registry is larger than %d bytes", path, maxBytes)
	}
	return raw, nil
}

// file reads a file of definitions.
func (l *loader) file(s *source, path string) error {
	raw, err := l.read(path)
	if err != nil {
		return err
	}
	return l.parse(s, path, raw)
}

func (l *loader) parse(s *source, path string, raw []byte) error {
	var root yaml.Node
	if err := yaml.Unmarshal(raw, &root); err != nil {
		return fmt.Errorf("%s: this is not YAML: %w", path, err)
	}
	if root.Kind == 0 || len(root.Content) == 0 {
		return nil // an empty file
	}
	if aliased(&root) {
		return fmt.Errorf("%s: aliases are not followed: write their values instead", path)
	}
	top := root.Content[0]
	l.unknown(path, top, file{})
	var f file
	if err := top.Decode(&f); err != nil {
		if wrong, ok := errors.AsType[*yaml.TypeError](err); ok {
			err = errors.New(strings.Join(wrong.Errors, "; "))
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	top.Content = nil // f has it, and lets go of each part that was read.
	l.collect(s, path, top, f)
	if l.metrics += len(s.metrics); l.metrics > maxMetrics {
		return fmt.Errorf("%s: more than %d metrics", path, maxMetrics)
	}
	return nil
}

// aliased reports whether the tree has aliases, by which a small file could become
// a very large one.
func aliased(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || slices.ContainsFunc(n.Content, aliased)
}
