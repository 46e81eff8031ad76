// Package live serves a page of live charts. The browser reads the metrics every few
// seconds and draws the last minutes. If no browser shows the page, nothing is read.
// The server stores nothing.
package live

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"time"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Path is where the page is. Its other files are below it. It reads the page of
// metrics that is beside it.
const Path = "/live"

//go:embed page/*.html page/*.css page/*.mjs uplot/*.js uplot/*.css uplot/LICENSE
var files embed.FS

// policy lets the page load its own files and read the metrics beside it, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// Page is the page and its files. It may be served from many goroutines at once.
type Page struct {
	files map[string][]byte // by their paths
}

// New returns a page for the metrics of a contract. The title says whose they are.
func New(title string, contract views.Contract) (*Page, error) {
	configuration, err := json.Marshal(configure(title, contract))
	if err != nil {
		return nil, fmt.Errorf("configure the page of charts: %w", err)
	}
	p := &Page{files: map[string][]byte{Path + "/config.json": configuration}}
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		at := Path + "/" + path.Base(name)
		switch path.Ext(name) {
		case ".html":
			at = Path
		case "":
			at += ".txt" // the license of the charting library
		}
		p.files[at], err = files.ReadFile(name)
		return err
	})
	return p, err
}

// Handle adds the page and its files to a mux, each in what wrap makes of it.
func (p *Page) Handle(mux *http.ServeMux, wrap func(http.Handler) http.Handler) {
	for at, content := range p.files {
		mux.Handle("GET "+at, wrap(file(at, content)))
	}
}

func file(at string, content []byte) http.Handler {
	contentType := mediaType(path.Ext(at))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Security-Policy", policy)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}

// mediaType does not ask the system's table, which may know no modules.
func mediaType(extension string) string {
	switch extension {
	case "":
		return "text/html; charset=utf-8"
	case ".mjs", ".js":
		return "text/javascript; charset=utf-8"
	default:
		return mime.TypeByExtension(extension)
	}
}
