package access

import (
	"fmt"
	"os"
	"regexp"

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

// TLS tells whether the web config file asks for TLS. No file does not.
func TLS(file string) (bool, error) {
	if file == "" {
		return false, nil
	}
	config, err := read(file)
	return config.TLSConfig.IsEnabled(), err
}

func read(file string) (config web.Config, err error) {
	content, err := os.ReadFile(file) //nolint:gosec // The user names the file to read.
	if err == nil {
		err = yaml.Unmarshal(content, &config)
	}
	if err != nil {
		return config, &ConfigError{file, err}
	}
	return config, nil
}
