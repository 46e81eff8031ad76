package otelmetrics

import (
	"crypto/tls"
	"crypto/x509"
	"os"
)

// certificates checks the files that the exporter reads. It would go on without
// one that it cannot use: with the authorities of the system, or without a
// certificate of its own.
func (e *environment) certificates(signal string) {
	if name := signal + "CERTIFICATE"; e.value(name) != "" {
		if content, ok := e.file(name); ok && !x509.NewCertPool().AppendCertsFromPEM(content) {
			e.bad(name, "%q contains no certificate in PEM format", e.value(name))
		}
	}
	certName, keyName := signal+"CLIENT_CERTIFICATE", signal+"CLIENT_KEY"
	switch cert, key := e.value(certName) != "", e.value(keyName) != ""; {
	case cert && !key:
		e.bad(certName, "it needs %s as well", keyName)
	case key && !cert:
		e.bad(keyName, "it needs %s as well", certName)
	case cert:
		certificate, certRead := e.file(certName)
		key, keyRead := e.file(keyName)
		if !certRead || !keyRead {
			return
		}
		if _, err := tls.X509KeyPair(certificate, key); err != nil {
			e.bad(certName, "with %s: %w", keyName, err)
		}
	}
}

// file reads the file that a variable names.
func (e *environment) file(name string) (content []byte, ok bool) {
	content, err := os.ReadFile(e.value(name))
	if err != nil {
		e.bad(name, "%w", err)
	}
	return content, err == nil
}
