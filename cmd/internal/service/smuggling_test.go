package service_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// attempt is what a hostile client sends. {close} stands for a Host and the wish
// that the service hangs up.
type attempt struct {
	request string
	status  int    // of the first answer
	body    string // that the DSPy service gets, if the status is 200
}

func attempts() map[string]attempt {
	const smuggled = "POST /predict HTTP/1.1\r\nHost: evil\r\nX-Smuggled: yes\r\nContent-Length: 0\r\n\r\n"
	chunked := "Transfer-Encoding: chunked\r\n\r\n"
	line := "POST /predict HTTP/1.1\r\n{close}"
	return map[string]attempt{
		"plain":             {line + "Content-Length: 2\r\n\r\n{}", 200, "{}"},
		"chunked":           {line + chunked + "2\r\n{}\r\n0\r\n\r\n", 200, "{}"},
		"CL.TE":             {line + "Content-Length: " + strconv.Itoa(5+len(smuggled)) + "\r\n" + chunked + "0\r\n\r\n" + smuggled, 200, ""},
		"TE.CL":             {line + "Content-Length: 4\r\n" + chunked + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(smuggled), smuggled), 200, smuggled},
		"TE.TE, obfuscated": {line + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 501, ""},
		"TE with a blank":   {line + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, ""},
		"TE with a tab":     {line + "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", 200, ""},
		"TE with a VT":      {line + "Transfer-Encoding: \vchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, ""},
		"TE folded":         {line + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 200, ""},
		"TE list":           {line + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, ""},
		"TE identity":       {line + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}", 501, ""},
		"TE in HTTP/1.0":    {"POST /predict HTTP/1.0\r\n{close}" + chunked + "0\r\n\r\n" + smuggled, 200, ""},

		"CL twice, different": {line + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", 400, ""},
		"CL twice, equal":     {line + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 200, "{}"},
		"CL list":             {line + "Content-Length: 2, 2\r\n\r\n{}", 400, ""},
		"CL with a sign":      {line + "Content-Length: +2\r\n\r\n{}", 400, ""},
		"CL negative":         {line + "Content-Length: -2\r\n\r\n{}", 400, ""},
		"CL hexadecimal":      {line + "Content-Length: 0x2\r\n\r\n{}", 400, ""},
		"CL overflows":        {line + "Content-Length: 18446744073709551618\r\n\r\n{}", 400, ""},
		"CL empty":            {line + "Content-Length:\r\n\r\n", 400, ""},

		"chunk size with a sign": {line + chunked + "+2\r\n{}\r\n0\r\n\r\n", 400, ""},
		"chunk size overflows":   {line + chunked + "fffffffffffffffff\r\n{}\r\n0\r\n\r\n", 400, ""},
		"chunk without its end":  {line + chunked + "2\r\n{}XX0\r\n\r\n", 400, ""},
		"chunk with bare LF":     {line + chunked + "2\n{}\n0\n\n", 400, ""},
		"chunk extension":        {line + chunked + "2;a=\"b\"\r\n{}\r\n0\r\n\r\n", 200, "{}"},
		"huge chunk extension":   {line + chunked + "2;" + strings.Repeat("a", 1<<20) + "\r\n{}\r\n0\r\n\r\n", 400, ""},
		"many chunk extensions":  {line + chunked + strings.Repeat("1;"+strings.Repeat("a", 1000)+"\r\nx\r\n", 500) + "0\r\n\r\n", 400, ""},
		"trailer":                {line + "Trailer: Content-Length, Host\r\n" + chunked + "2\r\n{}\r\n0\r\nContent-Length: 9\r\nHost: evil\r\nX-Late: yes\r\n\r\n", 400, ""},
		"trailer unannounced":    {line + chunked + "2\r\n{}\r\n0\r\nX-Late: yes\r\nContent-Length: 9\r\n\r\n", 200, "{}"},

		"obs-fold":              {line + "X-Fold: a\r\n b\r\nContent-Length: 2\r\n\r\n{}", 200, "{}"},
		"obs-fold first":        {"POST /predict HTTP/1.1\r\n X: y\r\n{close}\r\n", 400, ""},
		"bare LF":               {"POST /predict HTTP/1.1\nHost: a\nConnection: close\nContent-Length: 2\n\n{}", 200, "{}"},
		"bare CR in a value":    {line + "X: a\rX-Smuggled: yes\r\n\r\n", 400, ""},
		"NUL in a value":        {line + "X: a\x00b\r\n\r\n", 400, ""},
		"DEL in a value":        {line + "X: a\x7fb\r\n\r\n", 400, ""},
		"CRLF in a value":       {line + "X: a\r\n\r\n" + smuggled, 200, ""},
		"CRLF percent-encoded":  {line + "X: a%0d%0aX-Smuggled: yes\r\n\r\n", 200, ""},
		"blank in a name":       {line + "X Y: a\r\n\r\n", 400, ""},
		"no name":               {line + ": a\r\n\r\n", 400, ""},
		"no colon":              {line + "X\r\n\r\n", 400, ""},
		"name of other bytes":   {line + "X-\xff: a\r\n\r\n", 400, ""},
		"value of other bytes":  {line + "X: \xff\xe2\x80\xae\r\n\r\n", 200, ""},
		"underscore for a dash": {line + "Content_Length: 9\r\nTransfer_Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", 200, "{}"},

		"CRLF in the path":       {"POST /predict%0d%0aX-Smuggled:%20yes HTTP/1.1\r\n{close}\r\n", 404, ""},
		"CRLF in a path's value": {"POST /any/%0d%0aX-Smuggled:%20yes HTTP/1.1\r\n{close}\r\n", 400, ""},
		"CRLF in the query":      {"POST /predict?%0d%0aX-Smuggled:%20yes HTTP/1.1\r\n{close}\r\n", 200, ""},
		"control in the query":   {"POST /predict?\x01 HTTP/1.1\r\n{close}\r\n", 400, ""},
		"LF in the query":        {"POST /predict?a\n HTTP/1.1\r\n{close}\r\n", 400, ""},
		"bytes in the query":     {"POST /predict?\xff\xe2\x80\xae HTTP/1.1\r\n{close}\r\n", 200, ""},
		"blank in the query":     {"POST /predict?a b HTTP/1.1\r\n{close}\r\n", 400, ""},
		"fragment":               {"POST /predict#x HTTP/1.1\r\n{close}\r\n", 404, ""},
		"broken escape":          {"POST /predict?%zz=%1 HTTP/1.1\r\n{close}\r\n", 200, ""},
		"climbing":               {"POST /any/../../etc/passwd HTTP/1.1\r\n{close}\r\n", 404, ""},
		"climbing, encoded":      {"POST /any/%2e%2e%2f%2e%2e HTTP/1.1\r\n{close}\r\n", 400, ""},
		"absolute form":          {"POST http://evil:1/predict HTTP/1.1\r\n{close}\r\n", 200, ""},
		"absolute, user":         {"POST http://a:b@evil/predict HTTP/1.1\r\n{close}\r\n", 200, ""},
		"absolute, scheme":       {"POST file:///predict HTTP/1.1\r\n{close}\r\n", 200, ""},
		"authority form":         {"CONNECT evil:443 HTTP/1.1\r\n{close}\r\n", 405, ""},
		"asterisk form":          {"POST * HTTP/1.1\r\n{close}\r\n", 404, ""},
		"no slash":               {"POST predict HTTP/1.1\r\n{close}\r\n", 400, ""},
		"two slashes":            {"POST //evil/predict HTTP/1.1\r\n{close}\r\n", 404, ""},

		"no Host":         {"POST /predict HTTP/1.1\r\nConnection: close\r\n\r\n", 400, ""},
		"two Hosts":       {line + "Host: evil\r\n\r\n", 400, ""},
		"Host with blank": {"POST /predict HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400, ""},
		"Host with path":  {"POST /predict HTTP/1.1\r\nHost: a/b?c\r\nConnection: close\r\n\r\n", 400, ""},
		"HTTP/2 preface":  {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 404, ""},
		"HTTP/3.0":        {"POST /predict HTTP/3.0\r\n{close}\r\n", 505, ""},
		"HTTP/1.10":       {"POST /predict HTTP/1.10\r\n{close}\r\n", 400, ""},
		"method":          {"POST\x00 /predict HTTP/1.1\r\n{close}\r\n", 400, ""},
		"own method":      {"SMUGGLE /predict HTTP/1.1\r\n{close}\r\n", 405, ""},
		"huge header":     {line + "X: " + strings.Repeat("x", 2<<20) + "\r\n\r\n", 431, ""},
		"many headers":    {line + strings.Repeat("X: y\r\n", 500_000) + "\r\n", 431, ""},

		"Expect":         {line + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}", 100, ""},
		"Expect a thing": {line + "Expect: miracles\r\nContent-Length: 2\r\n\r\n{}", 417, ""},
		"websocket":      {"POST /predict HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n", 200, ""},
		"h2c":            {"POST /predict HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n", 200, ""},
		"Upgrade, bytes": {"POST /predict HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: \xff\r\n\r\n", 200, ""},
		"hop by hop":     {"POST /predict HTTP/1.1\r\nHost: a\r\nConnection: close, Content-Length, Host, Content-Type, X-Forwarded-For\r\nContent-Length: 2\r\n\r\n{}", 200, "{}"},
	}
}

// Whatever a client sends is refused, or reaches the DSPy service as one request
// that can be read in one way only.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	for name, attempt := range attempts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			upstream := newWire(t, ok)
			url := front(t, upstream.url(), func(c *service.Config) {
				c.MaxBodyBytes = 1 << 20
				c.Routes = append(c.Routes, service.Route{Pattern: "POST /any/{value}"})
			})
			request := strings.Replace(attempt.request, "{close}", "Host: a\r\nConnection: close\r\n", 1)
			answer := exchange(t, url, request)
			response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
			if err != nil || response.StatusCode != attempt.status {
				t.Errorf("got answer %q, %v, want status %d", clip(answer), err, attempt.status)
			}
			seen := upstream.requests()
			for _, one := range seen {
				if err := one.malformed(); err != nil {
					t.Error(err)
				}
				if len(one.header("X-Smuggled")) > 0 {
					t.Errorf("a request was smuggled: %q", one.head)
				}
			}
			switch {
			case attempt.status == 200 && (len(seen) != 1 || seen[0].body != attempt.body):
				t.Errorf("the DSPy service got %q, want one request with body %q", seen, attempt.body)
			case attempt.status >= 400 && len(seen) != 0:
				t.Errorf("the DSPy service got %q, want nothing", seen)
			}
			poll(t, url, idle)
		})
	}
}
