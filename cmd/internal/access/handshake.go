package access

import (
	"log"
	"log/slog"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// errorLog is where net/http writes of TLS handshakes that failed: it reports them
// nowhere else.
func (r *refusals) errorLog() *log.Logger {
	return log.New(errorLog{r}, "", 0)
}

type errorLog struct{ *refusals }

// Write implements io.Writer. net/http writes each message at once.
func (l errorLog) Write(message []byte) (int, error) {
	text := strings.TrimSpace(string(message))
	rest, ok := strings.CutPrefix(text, "http: TLS handshake error from ")
	if !ok {
		// Clients decide how many of them there are, but for panics, which are ours.
		if strings.HasPrefix(text, "http: panic") {
			l.Logger.Error(text)
		} else {
			l.messages.Do(func() { l.Logger.Warn(text) })
		}
		return len(message), nil
	}
	client, reason, _ := strings.Cut(rest, ": ")
	if errorType := handshakeError(reason); errorType != "" {
		l.add(errorType, client, withoutValues(reason))
	} else {
		l.Logger.Debug("the client ended the tls handshake", slog.String("client", client), slog.String("reason", reason))
	}
	return len(message), nil
}

// handshakeError returns what a handshake failed for, or nothing if the client
// ended it: a probe of the port, or one that does not trust our certificate.
func handshakeError(reason string) otelmetrics.ErrorType {
	switch {
	case strings.HasPrefix(reason, "remote error: "), strings.HasSuffix(reason, "EOF"), strings.Contains(reason, "connection reset"),
		strings.Contains(reason, "broken pipe"), strings.Contains(reason, "use of closed"), strings.HasSuffix(reason, "i/o timeout"):
		return ""
	case strings.HasPrefix(reason, "tls: "), strings.Contains(reason, "client cert"), strings.HasPrefix(reason, "client sent an HTTP request"):
		return otelmetrics.ErrorUnauthorized
	default: // the file or a certificate has changed and cannot be read any more
		return otelmetrics.ErrorOther
	}
}
