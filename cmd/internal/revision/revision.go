// Package revision takes files out of the history of a git repository.
package revision

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// latest is the last tag.
const latest = "latest"

// maxBytes is the most that is taken out.
const maxBytes = 64 << 20

// Export puts the file or folder at a path as it was in a revision into the
// folder, and returns where it is. The revision latest is the last tag before the
// commit that is checked out.
func Export(ctx context.Context, path, name, folder string) (string, error) {
	directory, base := filepath.Split(path)
	if directory == "" {
		directory = "."
	}
	if name == latest {
		tag, err := git(ctx, directory, "describe", "--tags", "--abbrev=0")
		if err != nil {
			return "", fmt.Errorf("the repository has no tag to compare with: %w", err)
		}
		name = strings.TrimSpace(string(tag))
	}
	if strings.HasPrefix(name, "-") || name == "" {
		return "", fmt.Errorf("%q is not a revision", name)
	}
	archive, err := git(ctx, directory, "archive", "--format=tar", name, "--", base)
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, base), unpack(archive, folder)
}

func git(ctx context.Context, directory string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, "git", args...) //nolint:gosec // The arguments are no options: see Export.
	c.Dir, c.Stdout, c.Stderr = directory, &stdout, &stderr
	if err := c.Run(); err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			return nil, fmt.Errorf("git %s: %s", args[0], text)
		}
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return stdout.Bytes(), nil
}

// unpack writes the regular files of an archive below the folder.
func unpack(archive []byte, folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // Nothing is lost with it.
	reader := tar.NewReader(bytes.NewReader(archive))
	for size := int64(0); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if size += header.Size; size > maxBytes {
			return fmt.Errorf("more than %d bytes: name the folder of the registry", maxBytes)
		}
		if err := root.MkdirAll(filepath.Dir(header.Name), 0o700); err != nil {
			return err
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			return err
		}
		if err := root.WriteFile(header.Name, content, 0o600); err != nil {
			return err
		}
	}
}
