package service

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// keyHeaders determine an answer beside the route, the type and the body. The
// credentials are among them, those of model providers' APIs too, so that no
// client gets the answer to another; and so is the host that was asked, which is
// a part of the URI by RFC 9111 §2.
func keyHeaders() []string {
	return []string{
		"Accept", "Accept-Encoding", "Accept-Language", "Content-Encoding", "Content-Type",
		"Authorization", "Cookie", "Api-Key", "X-Api-Key", "X-Goog-Api-Key",
		"Origin", "X-Forwarded-Host",
	}
}

// varies tells whether an answer depends on headers that are not in the key, as
// far as it says so: RFC 9110 §12.5.5.
func (c *caching) varies(answer http.Header) bool {
	for _, field := range answer.Values("Vary") {
		for name := range strings.SplitSeq(field, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			if name != "" && !slices.Contains(c.headers, name) {
				return true
			}
		}
	}
	return false
}

// key returns what determines the answer, as a hash.
func (c *caching) key(e *exchange, r *http.Request) string {
	sum := sha256.New()
	part(sum, r.Method)
	part(sum, r.URL.RequestURI())
	part(sum, string(e.Type))
	part(sum, string(e.Body))
	for _, name := range c.headers {
		values := r.Header.Values(name)
		part(sum, strconv.Itoa(len(values)))
		for _, value := range values {
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
