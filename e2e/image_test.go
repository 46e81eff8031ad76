package e2e

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// dockerfile is what a Dockerfile says.
type dockerfile []*parser.Node

func readDockerfile(folder string) (dockerfile, error) {
	content, err := os.ReadFile(filepath.Join(folder, "Dockerfile"))
	if err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	for _, warning := range parsed.Warnings {
		err = fmt.Errorf("%s/Dockerfile: %s", folder, warning.Short)
	}
	return parsed.AST.Children, err
}

// last returns the words of the last instruction of a name: what the image has
// of it.
func (d dockerfile) last(name string) (words []string) {
	for _, node := range slices.Backward(d) {
		if strings.EqualFold(node.Value, name) {
			return arguments(node)
		}
	}
	return nil
}

// run returns the command of the Dockerfile that contains the text.
func (d dockerfile) run(text string) string {
	for _, node := range d {
		if words := arguments(node); strings.EqualFold(node.Value, "RUN") && len(words) == 1 && strings.Contains(words[0], text) {
			return words[0]
		}
	}
	return ""
}

func arguments(node *parser.Node) (words []string) {
	for word := node.Next; word != nil; word = word.Next {
		words = append(words, word.Value)
	}
	return words
}

// copyContext copies what .dockerignore lets into a build.
func copyContext(folder, into string) error {
	ignored, err := os.ReadFile(filepath.Join(folder, ".dockerignore"))
	if err != nil {
		return err
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(ignored))
	if err != nil {
		return err
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return err
	}
	root := os.DirFS(folder)
	return fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if strings.HasPrefix(entry.Name(), ".") && path != "." {
				return fs.SkipDir // of tools, and large
			}
			return nil
		}
		switch ignore, err := matcher.MatchesOrParentMatches(path); {
		case err != nil:
			return err
		case ignore:
			return nil
		}
		content, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(into, filepath.Dir(path)), 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(into, path), content, 0o644)
	})
}

// imageVersion is the build argument that the image is built with.
const imageVersion = "v0.1.0-e2e, commit 0123456, of 2026-01-02T03:04:05Z"

// buildImage builds the binary as the image's is: by the command of the
// Dockerfile, from what .dockerignore leaves.
func buildImage(ctx context.Context, dir string) (program string, err error) {
	source := filepath.Join(dir, "src")
	if err := copyContext("..", source); err != nil {
		return "", err
	}
	file, err := readDockerfile("..")
	if err != nil {
		return "", err
	}
	entry := file.last("ENTRYPOINT")
	if len(entry) != 1 {
		return "", fmt.Errorf("got entrypoint %q", entry)
	}
	command := file.run(" -o " + entry[0] + " ")
	if command == "" {
		return "", fmt.Errorf("no command builds the entrypoint %q", entry)
	}
	program = filepath.Join(dir, entry[0])
	build := exec.CommandContext(ctx, "sh", "-ec", strings.Replace(command, " -o "+entry[0]+" ", " -o "+program+" ", 1))
	build.Dir, build.Env = source, append(os.Environ(), "VERSION="+imageVersion)
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", command, err, output)
	}
	return program, nil
}

func TestImageSaysItsVersion(t *testing.T) {
	t.Parallel()
	if got, want := output(t, nil, binary, "--version"), imageVersion+", built by go"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBinaryIsStatic(t *testing.T) {
	t.Parallel()
	program, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, segment := range program.Progs {
		if segment.Type == elf.PT_INTERP || segment.Type == elf.PT_DYNAMIC {
			t.Errorf("segment %s: the base image has no dynamic linker", segment.Type)
		}
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the binary has %.1f MB", float64(info.Size())/1e6)
	if limit := int64(40e6); info.Size() > limit {
		t.Errorf("got %d bytes, want at most %d", info.Size(), limit)
	}
}

func TestImages(t *testing.T) {
	t.Parallel()
	for folder, port := range map[string]string{"..": "3000", dspyService: "8000"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			file, err := readDockerfile(folder)
			if err != nil {
				t.Fatal(err)
			}
			left := t.TempDir()
			if err := copyContext(folder, left); err != nil {
				t.Fatal(err)
			}
			for _, node := range file {
				words := arguments(node)
				switch strings.ToUpper(node.Value) {
				case "FROM":
					if _, tag, ok := strings.Cut(words[0], ":"); !ok || tag == "latest" {
						t.Errorf("line %d: base image %q is not pinned", node.StartLine, words[0])
					}
				case "COPY":
					if len(node.Flags) > 0 { // from the stage before
						continue
					}
					for _, pattern := range words[:len(words)-1] {
						if paths, err := filepath.Glob(filepath.Join(left, pattern)); err != nil || len(paths) == 0 {
							t.Errorf("line %d: %s is not there, or ignored (%v)", node.StartLine, pattern, err)
						}
					}
				}
			}
			if got := file.last("USER"); !slices.Equal(got, []string{"65532:65532"}) {
				t.Errorf("got user %q, want a number, which Kubernetes can tell from root", got)
			}
			if got := file.last("EXPOSE"); !slices.Equal(got, []string{port}) {
				t.Errorf("got port %q, want %s", got, port)
			}
			files, size := 0, int64(0)
			err = filepath.WalkDir(left, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				if name := entry.Name(); strings.HasSuffix(name, "_test.go") || strings.Contains(path, "testdata") || strings.HasPrefix(name, "test_") {
					t.Errorf("%s goes into the build, and is for tests", path)
				}
				info, err := entry.Info()
				files++
				size += info.Size()
				return err
			})
			if err != nil || files == 0 || size > 4e6 {
				t.Errorf("the build gets %d files of %d bytes, %v", files, size, err)
			}
		})
	}
}

// The health check of the image is its own program.
func TestImageAsksItself(t *testing.T) {
	t.Parallel()
	file, err := readDockerfile("..")
	if err != nil {
		t.Fatal(err)
	}
	check, entry := file.last("HEALTHCHECK"), file.last("ENTRYPOINT")
	if want := []string{"CMD", entry[0], "health"}; !slices.Equal(check, want) {
		t.Errorf("got health check %q, want %q", check, want)
	}
}

// What is pinned is what is tested.
func TestImagesAreThoseThatAreTested(t *testing.T) {
	t.Parallel()
	file, err := readDockerfile(dspyService)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.ReadFile(filepath.Join(dspyService, "requirements.lock"))
	if err != nil {
		t.Fatal(err)
	}
	install, err := os.ReadFile("install")
	if err != nil {
		t.Fatal(err)
	}
	services := compose(t, composeVariants()["both"].envFiles...).Services
	_, prometheus, _ := strings.Cut(services["prometheus"].Image, ":v3.")
	_, alertmanager, _ := strings.Cut(services["alertmanager"].Image, ":")
	_, collector, _ := strings.Cut(services["otel-collector"].Image, ":")
	_, python, _ := strings.Cut(file.last("FROM")[0], ":")
	python, _, _ = strings.Cut(python, "-")
	collectorVersion, err := exec.CommandContext(t.Context(), locate(t, "otelcol"), "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	for want, in := range map[string]string{
		"prometheus=v0.3" + prometheus + " ":  string(install),
		"alertmanager=" + alertmanager + "\n": string(install),
		"version " + collector + "\n":         string(collectorVersion),
		"on Python " + python + " ":           string(lock),
	} {
		if !strings.Contains(in, want) {
			t.Errorf("no %q in:\n%.500s", want, in)
		}
	}
}
