package check

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// unpacked reads a body of at most so many bytes.
func unpacked(body io.Reader, encoding string, most int64) ([]byte, error) {
	switch encoding {
	case "", "identity":
	case "gzip":
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		body = unzipped
	default:
		return nil, fmt.Errorf("content encoding %q, want gzip or none", encoding)
	}
	return limited(body, most)
}

// limited reads everything, or fails if there is more than may be.
func limited(from io.Reader, most int64) ([]byte, error) {
	// One byte more than allowed shows that there was more.
	raw, err := io.ReadAll(io.LimitReader(from, most+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("cut off after %d bytes: %w", len(raw), err)
	case err != nil:
		return nil, err
	case int64(len(raw)) > most:
		return nil, fmt.Errorf("more than %d bytes after decompression: raise --max-bytes", most)
	}
	return raw, nil
}
