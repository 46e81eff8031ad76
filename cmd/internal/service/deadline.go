package service

import (
	"net/http"
	"time"
)

const (
	// grace is the additional time, after the time limit of a prediction, to answer that
	// it has ended.
	grace = time.Second

	noDeadline time.Duration = -1
)

// longest returns how long a client may take for an answer that the program has
// the time of a prediction for.
func (s *Service) longest() time.Duration {
	if s.Timeout == 0 {
		return noDeadline
	}
	return s.Timeout + grace
}

// timed limits the time in which a client sends its request and reads its answer.
// Otherwise a client that does neither would keep its connection forever. Predictions
// have their own limits. When the service shuts down, connections end with their
// answer. Closing an idle connection could lose a request that is on its way.
func (s *Service) timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		readWithin(w, s.ClientTimeout)
		writeWithin(w, s.ClientTimeout)
		if s.draining.Load() {
			answerFirst(w)
		}
		next.ServeHTTP(w, r)
	})
}

// readWithin has reading fail after a time. A deadline goes on when the body has
// been read, and then ends the request as if the client were gone. Writers of
// tests have no deadlines.
func readWithin(w http.ResponseWriter, d time.Duration) {
	_ = http.NewResponseController(w).SetReadDeadline(after(d))
}

// writeWithin has writing fail after a time.
func writeWithin(w http.ResponseWriter, d time.Duration) {
	_ = http.NewResponseController(w).SetWriteDeadline(after(d))
}

// after returns the time after a duration; zero is no deadline.
func after(d time.Duration) time.Time {
	if d == noDeadline {
		return time.Time{}
	}
	return time.Now().Add(d)
}

// answerFirst lets an answer go out before the body of the request has come, and
// ends the connection then. Otherwise net/http waits for the body; full duplex,
// which would not, panics where the body comes after the handler has returned.
func answerFirst(w http.ResponseWriter) { w.Header().Set("Connection", "close") }
