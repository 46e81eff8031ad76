package access

import (
	"errors"
	"sync"

	"github.com/prometheus/exporter-toolkit/web"
)

// settings are a web config file and what it names, as they are at the moment. A
// change holds from the next request or connection on.
type settings struct {
	file    string
	files   files
	reading attempts

	mu     sync.Mutex
	text   string // of the file, that config says
	config *web.Config

	certificates certificates
}

// web returns the configuration, which must not be changed.
func (s *settings) web() (config *web.Config, err error) {
	err = s.reading.try(func() (err error) {
		config, err = s.load()
		return err
	})
	return config, err
}

func (s *settings) load() (*web.Config, error) {
	text, err := s.files.read(s.file)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.config != nil && s.text == text {
		return s.config, nil
	}
	if s.config != nil && text == "" {
		return nil, errors.New("the file is empty now: write the settings again") // which would let everybody in
	}
	config, err := parse(s.file, text)
	if err != nil {
		return nil, err
	}
	if err := web.Validate(s.file); err != nil { // what parse does not look at
		return nil, err
	}
	s.text, s.config = text, config
	return config, nil
}
