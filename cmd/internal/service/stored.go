package service

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/httpcache"
)

// stored is an answer as the cache keeps it. Its status is 200.
type stored struct {
	came   time.Time
	fresh  httpcache.Freshness
	header http.Header
	body   []byte
}

// storedTimes is how many milliseconds an encoded answer begins with: when it came,
// how old it was then, and how long it is fresh.
const storedTimes = 3

var errStored = errors.New("the stored entry is not a valid answer")

// encode returns the times, the header as it goes over the wire, and the body.
func (s *stored) encode() []byte {
	var header bytes.Buffer
	_ = s.header.Write(&header)
	header.WriteString("\r\n")
	out := slices.Grow([]byte(nil), 8*storedTimes+header.Len()+len(s.body))
	for _, milliseconds := range [storedTimes]int64{s.came.UnixMilli(), s.fresh.Age.Milliseconds(), s.fresh.Lifetime.Milliseconds()} {
		out = binary.LittleEndian.AppendUint64(out, uint64(milliseconds)) //nolint:gosec // As it is read.
	}
	return append(append(out, header.Bytes()...), s.body...)
}

// decodeStored reads what encode returns. The body is a part of the encoded answer.
func decodeStored(encoded []byte) (*stored, error) {
	var times [storedTimes]int64
	for i := range times {
		if len(encoded) < 8 {
			return nil, errStored
		}
		times[i] = int64(binary.LittleEndian.Uint64(encoded)) //nolint:gosec // As it was written.
		encoded = encoded[8:]
	}
	if times[1] < 0 || times[2] < 0 || max(times[1], times[2]) > (1<<62)/int64(time.Millisecond) {
		return nil, errStored
	}
	s := &stored{came: time.UnixMilli(times[0]), header: http.Header{}}
	s.fresh.Age, s.fresh.Lifetime = time.Duration(times[1])*time.Millisecond, time.Duration(times[2])*time.Millisecond
	if body, ok := bytes.CutPrefix(encoded, []byte("\r\n")); ok { // There is no header.
		s.body = body
		return s, nil
	}
	header, body, ok := bytes.Cut(encoded, []byte("\r\n\r\n"))
	if !ok {
		return nil, errStored
	}
	header = encoded[:len(header)+len("\r\n\r\n")]
	parsed, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(header))).ReadMIMEHeader()
	if err != nil {
		return nil, errStored
	}
	s.header, s.body = http.Header(parsed), body
	return s, nil
}

// age returns how old the answer is.
func (s *stored) age(now time.Time) time.Duration {
	return s.fresh.Age + max(0, now.Sub(s.came))
}

// response returns the answer to a request, with its age, as RFC 9111 §5.1 asks for.
func (s *stored) response(r *http.Request, age time.Duration) *http.Response {
	response := newResponse(r, http.StatusOK, s.header, s.body)
	response.Header.Set("Age", strconv.FormatInt(int64(age/time.Second), 10))
	return response
}

// endToEnd returns a copy of a header without the fields that are of one connection
// only, which are not stored (RFC 9111 §3.1).
func endToEnd(header http.Header) http.Header {
	kept := header.Clone()
	for _, line := range header.Values("Connection") {
		for name := range strings.SplitSeq(line, ",") {
			kept.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{
		"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization",
		"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	} {
		kept.Del(name)
	}
	return kept
}
