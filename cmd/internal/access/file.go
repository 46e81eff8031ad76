package access

import (
	"os"
	"sync"
	"time"
)

// settled is the age from which on a file's time of change shows each change: some
// file systems count in seconds.
const settled = 2 * time.Second

// files reads files and keeps their content until they change. It takes no file
// descriptor for those that have not, as there may be none left.
type files struct {
	mu   sync.Mutex
	kept map[string]content // by name
}

// content is a file as it was read.
type content struct {
	text string
	info os.FileInfo
	at   time.Time
}

// read returns the content of a file.
func (f *files) read(name string) (string, error) {
	at := time.Now()
	info, unknown := os.Stat(name)
	f.mu.Lock()
	kept, ok := f.kept[name]
	f.mu.Unlock()
	if ok && unknown == nil && kept.still(info) {
		return kept.text, nil
	}
	text, err := os.ReadFile(name) //nolint:gosec // The user names the file to read.
	if err != nil {
		return "", err
	}
	if unknown != nil {
		return string(text), nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept == nil {
		f.kept = make(map[string]content)
	}
	f.kept[name] = content{string(text), info, at}
	return string(text), nil
}

// still reports whether a file cannot have changed since it was read.
func (c content) still(now os.FileInfo) bool {
	changed := now.ModTime()
	return os.SameFile(c.info, now) && changed.Equal(c.info.ModTime()) && now.Size() == c.info.Size() && c.at.Sub(changed) > settled
}
