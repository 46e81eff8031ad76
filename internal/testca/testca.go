// Package testca issues certificates for tests.
package testca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority signs certificates. It writes files into a folder of the test.
type Authority struct {
	// File holds the certificate of the authority, in PEM.
	File string
	// Pool contains the certificate of the authority.
	Pool *x509.CertPool

	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New returns an authority whose files go into the folder.
func New(t testing.TB, dir, name string) *Authority {
	t.Helper()
	template := template(t, name, time.Now().Add(time.Hour))
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	key := newKey(t)
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	a := &Authority{File: filepath.Join(dir, name+".crt"), Pool: x509.NewCertPool(), cert: cert, key: key}
	a.Pool.AddCert(cert)
	write(t, a.File, "CERTIFICATE", raw)
	return a
}

// Pair is a certificate and its key, as files in PEM and as a value.
type Pair struct {
	CertFile, KeyFile string
	Certificate       tls.Certificate
}

// Issue makes a certificate for 127.0.0.1 that server and client may use until
// the time, in the folder of the authority. One of the same name is replaced.
func (a *Authority) Issue(t testing.TB, name string, until time.Time) Pair {
	t.Helper()
	template := template(t, name, until)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	key := newKey(t)
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(filepath.Dir(a.File), name)
	p := Pair{CertFile: base + ".crt", KeyFile: base + ".key"}
	write(t, p.CertFile, "CERTIFICATE", raw)
	write(t, p.KeyFile, "PRIVATE KEY", der)
	if p.Certificate, err = tls.LoadX509KeyPair(p.CertFile, p.KeyFile); err != nil {
		t.Fatal(err)
	}
	return p
}

func template(t testing.TB, name string, until time.Time) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until,
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func write(t testing.TB, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
