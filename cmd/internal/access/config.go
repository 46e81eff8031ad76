package access

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

// ConfigError is a web config file that cannot be used.
type ConfigError struct {
	File string
	Err  error
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("%q: %s", e.File, withoutValues(e.Err.Error()))
}

func (e *ConfigError) Unwrap() error { return e.Err }

// withoutValues takes out what a YAML parser quotes of a file with secrets.
func withoutValues(text string) string {
	return regexp.MustCompile("`[^`]*`").ReplaceAllString(text, "…")
}

// TLS reports whether the web config file asks for TLS. No file does not.
func TLS(file string) (bool, error) {
	if file == "" {
		return false, nil
	}
	text, err := new(files).read(file)
	if err != nil {
		return false, &ConfigError{file, err}
	}
	config, err := parse(file, text)
	if err != nil {
		return false, &ConfigError{file, err}
	}
	return config.TLSConfig.IsEnabled(), nil
}

// parse reads a web config file with the defaults that exporter-toolkit has. Its
// own reader is not exported.
func parse(file, text string) (*web.Config, error) {
	config := &web.Config{
		TLSConfig:  web.TLSConfig{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13},
		HTTPConfig: web.HTTPConfig{HTTP2: true},
	}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(config); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if config.TLSConfig.MinVersion < tls.VersionTLS12 {
		return nil, errors.New("tls_server_config.min_version: TLS 1.0 and 1.1 are not supported: use TLS12 or TLS13")
	}
	config.TLSConfig.SetDirectory(filepath.Dir(file))
	return config, nil
}
