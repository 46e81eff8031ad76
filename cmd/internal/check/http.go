package check

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
)

// HTTP is how protected targets are reached. The zero value is for open ones.
type HTTP struct {
	// CAFile holds the certificates of the authorities to trust, in PEM; empty
	// for the system's.
	CAFile string
	// CertFile and KeyFile are the client's own, in PEM.
	CertFile, KeyFile string
	// Insecure accepts every certificate.
	Insecure bool
	// User and PasswordFile are for basic authentication, BearerTokenFile for a
	// token. Blanks around a file's text are no part of it.
	User, PasswordFile, BearerTokenFile string
	// Headers are sent with every request, as "Name: value".
	Headers []string
}

// maxRedirects is how often a target may send elsewhere.
const maxRedirects = 3

// Client returns a client for one reading of the files.
func (h HTTP) Client() (*http.Client, error) {
	header, err := h.header()
	if err != nil {
		return nil, err
	}
	config, err := h.tls()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, ForceAttemptHTTP2: true, DisableKeepAlives: true}
	return &http.Client{
		Transport: &authorized{next: transport, header: header},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			first := via[0].URL
			switch {
			case len(via) > maxRedirects:
				return fmt.Errorf("more than %d redirects", maxRedirects)
			case req.URL.Host != first.Host, req.URL.Scheme != first.Scheme:
				// The credentials are for the target alone.
				return fmt.Errorf("redirected to another server, %s://%.200s: use its URL if this is intended", req.URL.Scheme, req.URL.Host)
			}
			return nil
		},
	}, nil
}

// authorized adds headers to requests.
type authorized struct {
	next   http.RoundTripper
	header http.Header
}

// RoundTrip implements http.RoundTripper.
func (a *authorized) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	maps.Copy(req.Header, a.header)
	if host := a.header.Get("Host"); host != "" {
		req.Host = host
	}
	return a.next.RoundTrip(req)
}

func (h HTTP) header() (http.Header, error) {
	header := http.Header{}
	for _, line := range h.Headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			// The line is not quoted: it may be a secret.
			return nil, errors.New(`--header: expected "Name: value"`)
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	switch {
	case h.User != "" && h.BearerTokenFile != "":
		return nil, errors.New("--basic-auth-user and --bearer-token-file exclude each other")
	case h.PasswordFile != "" && h.User == "":
		return nil, errors.New("--basic-auth-password-file needs --basic-auth-user")
	case h.BearerTokenFile != "":
		token, err := secret(h.BearerTokenFile)
		if err != nil {
			return nil, err
		}
		header.Set("Authorization", "Bearer "+token)
	case h.User != "":
		password := ""
		if h.PasswordFile != "" {
			var err error
			if password, err = secret(h.PasswordFile); err != nil {
				return nil, err
			}
		}
		req := http.Request{Header: header}
		req.SetBasicAuth(h.User, password)
	}
	return header, nil
}

func secret(file string) (string, error) {
	raw, err := os.ReadFile(file) //nolint:gosec // The user names the file to read.
	return strings.TrimSpace(string(raw)), err
}

func (h HTTP) tls() (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: h.Insecure, //nolint:gosec // The user asks for it.
	}
	if h.CAFile != "" {
		raw, err := os.ReadFile(h.CAFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(raw) {
			return nil, fmt.Errorf("%q contains no certificate in PEM format", h.CAFile)
		}
	}
	if h.CertFile == "" && h.KeyFile == "" {
		return config, nil
	}
	if h.CertFile == "" || h.KeyFile == "" {
		return nil, errors.New("--cert-file and --key-file must be set together")
	}
	pair, err := tls.LoadX509KeyPair(h.CertFile, h.KeyFile)
	if err != nil {
		return nil, err
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
