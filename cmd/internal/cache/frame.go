package cache

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// keyPrefix sets our keys in Redis apart from others, and from those of a version
// that frames answers in another way.
const keyPrefix = "dspy-metrics:cache:v1:"

// magic begins a framed answer; its last byte is the version. A checksum (CRC-32C,
// little-endian) of the key and the answer follows, then the answer.
const magic = "dspy\x01"

const headerBytes = len(magic) + crc32.Size

var errDamaged = errors.New("the cached value is not one of ours, or is damaged")

// frame returns the answer as it is stored under the key.
func frame(key string, answer []byte) []byte {
	out := make([]byte, 0, headerBytes+len(answer))
	out = append(out, magic...)
	out = binary.LittleEndian.AppendUint32(out, checksum(key, answer))
	return append(out, answer...)
}

// unframe returns the answer that was framed for the key.
func unframe(key string, framed []byte) ([]byte, error) {
	if len(framed) < headerBytes || string(framed[:len(magic)]) != magic {
		return nil, errDamaged
	}
	sum, answer := binary.LittleEndian.Uint32(framed[len(magic):]), framed[headerBytes:]
	if sum != checksum(key, answer) {
		return nil, errDamaged
	}
	return answer, nil
}

func checksum(key string, answer []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum([]byte(key), table), table, answer)
}
