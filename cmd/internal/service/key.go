package service

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
)

// keyHeaders determine an answer beside the route, the type and the body. The
// credentials are among them, so that no client gets the answer to another.
func keyHeaders() []string {
	return []string{"Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Content-Encoding", "Content-Type", "Cookie"}
}

// key returns what determines the answer, as a hash.
func (c *caching) key(r *http.Request) string {
	sum, e := sha256.New(), exchangeOf(r)
	part(sum, r.Method)
	part(sum, r.URL.RequestURI())
	part(sum, string(e.kind))
	part(sum, string(e.body))
	for _, name := range c.headers {
		part(sum, name)
		for _, value := range r.Header.Values(name) {
			part(sum, value)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// part adds a text with its length, so that no two lists of texts are one.
func part(sum hash.Hash, text string) {
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(text)))
	_, _ = sum.Write(length[:])
	_, _ = io.WriteString(sum, text)
}
