package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// keyPrefix sets our keys in Redis apart from others, and from those of a version
// that frames answers in another way.
const keyPrefix = "dspy-metrics:cache:v2:"

// magic begins a framed answer. Its last byte is the version. The SHA-256 digest of
// the key and the answer follows, and then the answer. The digest detects damage,
// truncation, and an answer under the wrong key. It is not a signature: anyone who
// can write to Redis can write answers.
const magic = "dspy\x02"

const headerBytes = len(magic) + sha256.Size

var errDamaged = errors.New("the cached value is damaged, or was not written by this cache")

// frame returns the answer as it is stored under the key.
func frame(key string, answer []byte) []byte {
	out := make([]byte, 0, headerBytes+len(answer))
	out = append(out, magic...)
	sum := digest(key, answer)
	out = append(out, sum[:]...)
	return append(out, answer...)
}

// unframe returns the answer that was framed for the key.
func unframe(key string, framed []byte) ([]byte, error) {
	if len(framed) < headerBytes || string(framed[:len(magic)]) != magic {
		return nil, errDamaged
	}
	answer := framed[headerBytes:]
	if [sha256.Size]byte(framed[len(magic):headerBytes]) != digest(key, answer) {
		return nil, errDamaged
	}
	return answer, nil
}

func digest(key string, answer []byte) (sum [sha256.Size]byte) {
	hash := sha256.New()
	_, _ = hash.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(key))))
	_, _ = hash.Write([]byte(key))
	_, _ = hash.Write(answer)
	hash.Sum(sum[:0])
	return sum
}
