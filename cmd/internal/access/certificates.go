package access

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"

	secret "github.com/prometheus/common/config"
	"github.com/prometheus/exporter-toolkit/web"
)

// certificates makes the configuration of TLS, and makes it anew when a file of it
// has changed. Connections that come meanwhile share it: sessions can be resumed,
// and a handshake reads no key.
type certificates struct {
	reading attempts

	mu    sync.Mutex
	made  *tls.Config
	parts parts // that made is made of
}

// parts are the contents of the files of a TLS configuration, in PEM.
type parts struct {
	config           *web.Config
	certificate, key string
	clients          string // the authorities of clients
}

// pairError is a certificate of the server that cannot be used.
type pairError struct{ error }

func (e pairError) Unwrap() error { return e.error }

// tls returns the configuration for the next connection. As long as the server's
// own certificate cannot be read, the last one stays in use, and the error says
// why; any other error ends the connection.
func (s *settings) tls(protocols []string) (made *tls.Config, err error) {
	err = s.certificates.reading.try(func() (err error) {
		made, err = s.loadTLS(protocols, false)
		return err
	})
	if _, own := errors.AsType[pairError](err); !own {
		return made, err
	}
	made, other := s.loadTLS(protocols, true)
	if other != nil {
		return nil, other
	}
	return made, err
}

// loadTLS makes the configuration of what the files have now, or with the
// certificate that was used last.
func (s *settings) loadTLS(protocols []string, last bool) (*tls.Config, error) {
	config, err := s.load()
	if err != nil {
		return nil, err
	}
	c := &s.certificates
	c.mu.Lock()
	defer c.mu.Unlock()
	now := parts{config: config}
	if now.clients, err = s.pem(config.TLSConfig.ClientCAs, config.TLSConfig.ClientCAsText); err != nil {
		return nil, err
	}
	if last && c.made != nil {
		now.certificate, now.key = c.parts.certificate, c.parts.key
	} else if now.certificate, now.key, err = s.pair(config.TLSConfig); err != nil {
		return nil, pairError{err}
	}
	if c.made == nil || c.parts != now {
		made, err := now.tls(protocols)
		if err != nil {
			return nil, err
		}
		c.made, c.parts = made, now
	}
	return c.made, nil
}

// pem returns the text of a file, or the one that the configuration has itself.
func (s *settings) pem(file, text string) (string, error) {
	if file == "" {
		return text, nil
	}
	return s.files.read(file)
}

// pair returns the server's certificate and its key, which belong together.
func (s *settings) pair(c web.TLSConfig) (certificate, key string, err error) {
	if certificate, err = s.pem(c.TLSCertPath, c.TLSCert); err != nil {
		return "", "", err
	}
	if key, err = s.pem(c.TLSKeyPath, string(c.TLSKey)); err != nil {
		return "", "", err
	}
	_, err = tls.X509KeyPair([]byte(certificate), []byte(key))
	return certificate, key, err
}

// tls makes the configuration as exporter-toolkit does.
func (p parts) tls(protocols []string) (*tls.Config, error) {
	if p.clients != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(p.clients)) {
		return nil, errors.New("client_ca_file contains no certificate")
	}
	source := p.config.TLSConfig
	source.TLSCertPath, source.TLSKeyPath, source.ClientCAs = "", "", ""
	source.TLSCert, source.TLSKey, source.ClientCAsText = p.certificate, secret.Secret(p.key), p.clients
	made, err := web.ConfigToTLSConfig(&source)
	if err != nil {
		return nil, err
	}
	certificate, err := made.GetCertificate(nil) // which would parse it for each connection
	if err != nil {
		return nil, fmt.Errorf("server certificate: %w", err)
	}
	made.GetCertificate, made.Certificates = nil, []tls.Certificate{*certificate}
	made.NextProtos = protocols
	return made, nil
}
