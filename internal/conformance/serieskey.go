package conformance

import (
	"crypto/sha256"
	"encoding/binary"
)

// seriesKey identifies a series among all of a target. It has a size of its own, however
// long the labels are.
type seriesKey [sha256.Size]byte

// seriesKeys makes keys, in a buffer that it keeps.
type seriesKeys struct{ buffer []byte }

func (k *seriesKeys) of(s sample) seriesKey {
	k.buffer = k.buffer[:0]
	k.add(s.name)
	for _, l := range s.labels {
		k.add(l.name)
		k.add(l.value)
	}
	return sha256.Sum256(k.buffer)
}

// add adds a text with its length, so that no two lists of texts are one.
func (k *seriesKeys) add(text string) {
	k.buffer = binary.AppendUvarint(k.buffer, uint64(len(text)))
	k.buffer = append(k.buffer, text...)
}
