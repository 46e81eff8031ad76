package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
)

const bareName = "bare"

// serveBare serves Go's own reverse proxy, with pooled buffers, and nothing else:
// what every gateway in Go costs at least.
func serveBare(args []string) {
	target, err := url.Parse(args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.DisableCompression = 256, true
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
			r.Out.Body = &untilEnd{ReadCloser: r.Out.Body}
		},
		Transport:  transport,
		BufferPool: &buffers{sync.Pool{New: func() any { return new([32 << 10]byte) }}},
	}
	fmt.Fprintln(os.Stderr, http.ListenAndServe(args[0], proxy))
}

// untilEnd is read no more after its end. The transport asks once more for what a
// request may have beyond its length, which fails if the server has closed the body
// by then, and breaks the answer: without this the proxy loses one stream in some
// hundreds where the program answers at once.
type untilEnd struct {
	io.ReadCloser
	ended bool
}

func (u *untilEnd) Read(p []byte) (int, error) {
	if u.ended {
		return 0, io.EOF
	}
	n, err := u.ReadCloser.Read(p)
	u.ended = errors.Is(err, io.EOF)
	return n, err
}

type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte { return b.pool.Get().(*[32 << 10]byte)[:] }

func (b *buffers) Put(buffer []byte) { b.pool.Put((*[32 << 10]byte)(buffer)) }
