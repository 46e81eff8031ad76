package service_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The benchmarks of the proxy have a client and a program that allocate nothing
// and do no more than they must: what is measured is what is between the two.

// serveRaw answers each request on each connection with what answer writes, until
// the benchmark ends. It returns the URL.
func serveRaw(b *testing.B, answer func(io.Writer) error) string {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var (
		mu      sync.Mutex
		conns   []net.Conn
		serving sync.WaitGroup
	)
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			serving.Go(func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for {
					if _, err := readMessage(in); err != nil {
						return
					}
					if err := answer(conn); err != nil {
						return
					}
				}
			})
		}
	})
	b.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, conn := range conns {
			_ = conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	return "http://" + listener.Addr().String()
}

// message is what a benchmark must know of a request or an answer.
type message struct {
	status int // 0 of a request
	hit    bool
}

// readMessage reads a request or an answer of known length, and does not keep it.
// Of an answer in chunks it reads the header.
func readMessage(in *bufio.Reader) (message, error) {
	var m message
	length := 0
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return m, err
		}
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0:
			_, err := in.Discard(length)
			return m, err
		case first && bytes.HasPrefix(line, []byte("HTTP/1.1 ")):
			m.status = int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0')
		case bytes.HasPrefix(line, []byte("Content-Length: ")):
			length = decimal(line[16:])
		case bytes.HasPrefix(line, []byte("Cache-Status: ")):
			m.hit = bytes.Contains(line, []byte("hit"))
		}
	}
}

func decimal(digits []byte) int {
	n := 0
	for _, digit := range digits {
		n = n*10 + int(digit-'0')
	}
	return n
}

// readChunk reads a chunk of an answer, and returns its size: 0 of the last one.
func readChunk(in *bufio.Reader) (int, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	size := 0
	for _, digit := range bytes.TrimSpace(line) {
		size = size*16 + strings.IndexByte("0123456789abcdef", digit)
	}
	if size < 0 {
		return 0, errors.New("no size of a chunk")
	}
	_, err = in.Discard(size + len("\r\n"))
	return size, err
}

// rawClient is a connection of a client.
type rawClient struct {
	net.Conn
	in       *bufio.Reader
	question []byte
	number   []byte // in the question, of a fixed width
}

// dialRaw connects to a URL.
func dialRaw(ctx context.Context, b *testing.B, url string) *rawClient {
	b.Helper()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	const width = 12
	body := `{"prediction_type":"cot","inputs":{"question":"` + strings.Repeat("0", width) + `"}}`
	question := fmt.Appendf(nil, "POST /predict HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	end := len(question) - len(`"}}`)
	return &rawClient{conn, bufio.NewReader(conn), question, question[end-width : end]}
}

// ask sends a question, and reads the answer if that has a length.
func (c *rawClient) ask(number int64) (message, error) {
	digits := strconv.AppendInt(c.number[:0:len(c.number)], number, 10)
	for i := len(digits); i < len(c.number); i++ {
		c.number[i] = 'x' // numbers differ whatever follows them
	}
	if _, err := c.Write(c.question); err != nil {
		return message{}, err
	}
	return readMessage(c.in)
}
