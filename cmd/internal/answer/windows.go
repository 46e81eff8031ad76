package answer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// Windows bound the memory of the answers in zstd that are read at the same time.
// Its library allocates the window that an answer asks for before it decodes
// anything: 8 MiB, which is what a server may ask for (RFC 9659 §3), for an answer
// of 45 bytes. While there are many, the others are said to need no more than an
// answer that is read whole may have. Only a longer stream can refer back farther;
// it cannot be read any more then. It is safe for concurrent use.
type Windows struct{ taken atomic.Int64 }

// maxWindows is the memory of all windows that are larger than they must be.
const maxWindows = 64 << 20

// take takes a window, and reports whether there is one. No windows are unbounded.
func (w *Windows) take(size int64) bool {
	if w == nil || w.taken.Add(size) <= maxWindows {
		return true
	}
	w.taken.Add(-size)
	return false
}

func (w *Windows) give(size int64) {
	if w != nil {
		w.taken.Add(-size)
	}
}

// unzstd decodes zstd.
func unzstd(r io.Reader, limit int, windows *Windows) (io.Reader, error) {
	const least, most = 20, 23 // as powers of two
	narrow := min(max(least, bits.Len(uint(limit-1))), most)
	z := &windowed{windows: windows}
	head := make([]byte, 6) // the magic number, the descriptor, and the window if the frame is not one segment
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	largest := int64(1) << narrow
	if n == len(head) && binary.LittleEndian.Uint32(head) == 0xFD2FB528 && head[4]&0x20 == 0 {
		asked := min(int64(8+head[5]&7)<<(head[5]>>3+7), 1<<most) // in eighths of a power of two (RFC 8878 §3.1.1.1.2)
		switch {
		case asked <= largest:
		case windows.take(asked):
			largest, z.taken = 1<<most, asked
		default:
			head[5] = byte(narrow-10) << 3
		}
	}
	z.Decoder, err = zstd.NewReader(io.MultiReader(bytes.NewReader(head[:n]), r), zstd.WithDecoderConcurrency(1), // without goroutines
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(uint64(largest)))
	if err != nil {
		windows.give(z.taken)
		return nil, err
	}
	return z, nil
}

// windowed is a decoder that gives its window back.
type windowed struct {
	*zstd.Decoder
	windows *Windows
	taken   int64
}

// Close ends the decoder.
func (w *windowed) Close() {
	w.Decoder.Close()
	w.windows.give(w.taken)
}
