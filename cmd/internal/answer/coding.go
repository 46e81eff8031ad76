package answer

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// coding opens a reader of what was coded.
type coding func(io.Reader) (io.Reader, error)

// errCoding is why an answer in a coding that is not known is not read.
var errCoding = errors.New("unknown content coding")

// codings returns how to decode an answer, in the order in which that is done:
// the header names the codings in the order in which they were applied.
func codings(header http.Header, limit int, windows *Windows) ([]coding, error) {
	const most = 4 // more is no answer, but an attack
	var all []coding
	for _, field := range header["Content-Encoding"] {
		for name := range strings.SplitSeq(field, ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			if name == "" || name == "identity" {
				continue
			}
			next := codingOf(name, limit, windows)
			if next == nil || len(all) == most {
				return nil, errCoding
			}
			all = append([]coding{next}, all...)
		}
	}
	return all, nil
}

func codingOf(name string, limit int, windows *Windows) coding {
	switch name {
	case "gzip", "x-gzip":
		return func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case "deflate":
		return inflate
	case "br":
		return func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }
	case "zstd":
		return func(r io.Reader) (io.Reader, error) { return unzstd(r, limit, windows) }
	default:
		return nil
	}
}

// inflate reads deflate, which is zlib's format (RFC 9110 §8.4.1.2), and what
// some servers send instead, without zlib's header.
func inflate(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 4<<10)
	head, err := buffered.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(buffered)
	}
	return flate.NewReader(buffered), nil
}

// decoder decodes an answer as it passes. The libraries read from a reader, and
// an answer is written: the loop that reads runs as a coroutine, which is resumed
// by each write and suspended where it would have to wait for the next one.
type decoder struct {
	plain func([]byte) // is called with what was decoded
	limit int          // see [decoder.sensible]

	resume  func() (struct{}, bool)
	stop    func()
	suspend func(struct{}) bool

	input  []byte // of the current write
	closed bool   // there will be no more input
	read   int64  // of what is coded
	made   int64  // of what is not
	err    error
}

var (
	errStopped  = errors.New("the answer is no longer read")
	errTooLarge = errors.New("the answer is too large after decompression")
)

func newDecoder(all []coding, limit int, plain func([]byte)) *decoder {
	d := &decoder{plain: plain, limit: limit}
	d.resume, d.stop = iter.Pull(func(yield func(struct{}) bool) {
		d.suspend = yield
		d.err = d.decode(all)
		d.input = nil
	})
	return d
}

// write decodes as much as p makes possible.
func (d *decoder) write(p []byte) {
	d.input = p
	d.read += int64(len(p))
	d.resume()
	d.input = nil
}

// close decodes what is left and returns why the answer could not be decoded.
func (d *decoder) close() error {
	d.closed = true
	d.resume()
	d.stop()
	return d.err
}

func (d *decoder) decode(all []coding) error {
	reader := io.Reader(d)
	for _, open := range all {
		next, err := open(reader)
		if err != nil {
			return empty(err, d.read)
		}
		if closer, ok := next.(interface{ Close() }); ok { // zstd's
			defer closer.Close()
		}
		reader = next
	}
	buffer := make([]byte, 8<<10)
	for {
		n, err := reader.Read(buffer)
		d.made += int64(n)
		if !d.sensible() || errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
			return errTooLarge
		}
		d.plain(buffer[:n])
		if err != nil {
			return empty(err, d.read)
		}
	}
}

// empty returns no error at the end of an answer, nor for one that has no bytes.
func empty(err error, read int64) error {
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) || read == 0 {
		return nil
	}
	return err
}

// sensible reports whether what was decoded is not too much. Events repeat
// themselves, so that a stream of them may become much larger than it was. What
// becomes larger than that was made to use up time.
func (d *decoder) sensible() bool {
	const ratio = 200
	return d.made <= int64(d.limit)+ratio*d.read
}

// Read implements [io.Reader] for the library that decodes.
func (d *decoder) Read(p []byte) (int, error) {
	for len(d.input) == 0 {
		if d.closed {
			return 0, io.EOF
		}
		if !d.suspend(struct{}{}) {
			return 0, errStopped
		}
	}
	n := copy(p, d.input)
	d.input = d.input[n:]
	return n, nil
}
