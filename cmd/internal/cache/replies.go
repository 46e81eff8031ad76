package cache

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

const (
	// maxReplyLine bounds a status, an error, a number or a length. Redis itself
	// sends a few hundred bytes at most.
	maxReplyLine = 4 << 10
	// maxReplyElements bounds the elements of all arrays of a reply together. The
	// longest array that is asked for is the answer to HELLO, which has a few dozen.
	maxReplyElements = 1 << 10
	// maxRedisValue is the longest value that a Redis server holds by default, and
	// that it may therefore send without a fault of its own.
	maxRedisValue = 512 * mebibyte
)

var (
	// errReplyTooLarge means that the server announced a value that is larger than any
	// answer that the cache stores.
	errReplyTooLarge = errors.New("the reply is larger than any answer in the cache")
	// errProtocol means that the server does not speak RESP2, the protocol that
	// the client asks for.
	errProtocol = errors.New("the server breaks the Redis protocol (RESP2)")
)

// replies follows what a server sends and refuses what the client library should
// not see. The library allocates what a length announces, before a byte of it
// has come, and panics where that is impossible; so lengths are checked here, as
// the bytes arrive and before the library gets them.
//
// Only RESP2 is accepted, which the client asks for: a status, an error, an
// integer, a string of announced length, and an array of these. All other types,
// and among them messages that the server pushes unasked, are of RESP3.
type replies struct {
	maxBytes int64 // of the strings of one reply

	line     []byte // the part of a line that has come
	text     int64  // bytes of a string that are still to come, its line end not included
	lineEnd  string // what is to come of the line end after a string
	open     int    // elements of the reply that are still to come
	elements int    // of all arrays of the reply
	bytes    int64  // of all strings of the reply
}

// check takes the next bytes of the server. After an error nothing more may be
// taken from it.
func (r *replies) check(p []byte) error {
	for len(p) > 0 {
		switch {
		case r.text > 0:
			n := min(r.text, int64(len(p)))
			r.text -= n
			p = p[n:]
		case r.lineEnd != "":
			if p[0] != r.lineEnd[0] {
				return fmt.Errorf("%w: a string is longer than announced", errProtocol)
			}
			r.lineEnd, p = r.lineEnd[1:], p[1:]
			if r.lineEnd == "" {
				r.endElement()
			}
		default:
			n := len(p)
			end := bytes.IndexByte(p, '\n')
			if end >= 0 {
				n = end + 1
			}
			if len(r.line)+n > maxReplyLine {
				return fmt.Errorf("%w: a line is longer than %d bytes", errProtocol, maxReplyLine)
			}
			r.line = append(r.line, p[:n]...)
			p = p[n:]
			if end < 0 {
				break
			}
			if err := r.checkLine(r.line); err != nil {
				return err
			}
			r.line = r.line[:0]
		}
	}
	return nil
}

func (r *replies) checkLine(line []byte) error {
	text, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || len(text) == 0 {
		return fmt.Errorf("%w: a line is empty or does not end with CR LF", errProtocol)
	}
	if r.open == 0 { // The line begins a reply.
		r.open, r.elements, r.bytes = 1, 0, 0
	}
	switch kind, text := text[0], text[1:]; kind {
	case '+', '-':
		r.endElement()
		return nil
	case ':':
		if _, err := strconv.ParseInt(string(text), 10, 64); err != nil {
			return fmt.Errorf("%w: %.32q is not an integer", errProtocol, text)
		}
		r.endElement()
		return nil
	case '$':
		return r.beginString(text)
	case '*':
		return r.beginArray(text)
	default:
		return fmt.Errorf("%w: a reply begins with %q", errProtocol, kind)
	}
}

// beginString takes the length of a string, of which -1 announces none.
func (r *replies) beginString(text []byte) error {
	length, err := replyLength(text)
	switch {
	case err != nil:
		return err
	case length < 0:
		r.endElement()
		return nil
	case length > maxRedisValue:
		return fmt.Errorf("%w: a string of %d bytes is announced", errProtocol, length)
	case r.bytes+length > r.maxBytes:
		return errReplyTooLarge
	}
	r.bytes += length
	r.text, r.lineEnd = length, "\r\n"
	return nil
}

func (r *replies) beginArray(text []byte) error {
	length, err := replyLength(text)
	switch {
	case err != nil:
		return err
	case length > int64(maxReplyElements-r.elements):
		return fmt.Errorf("%w: an array of %d elements is announced", errProtocol, length)
	case length > 0:
		r.elements += int(length)
		r.open += int(length)
	}
	r.endElement()
	return nil
}

func replyLength(text []byte) (int64, error) {
	length, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || length < -1 {
		return 0, fmt.Errorf("%w: %.32q is not a length", errProtocol, text)
	}
	return length, nil
}

// endElement counts one element of the reply, an array or what is in it, as read.
func (r *replies) endElement() { r.open-- }
