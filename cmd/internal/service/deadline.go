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
		controller, until := http.NewResponseController(w), after(time.Now(), s.ClientTimeout)
		_ = controller.SetReadDeadline(until) // writers of tests have no deadlines
		_ = controller.SetWriteDeadline(until)
		if s.draining.Load() {
			answerFirst(w)
		}
		next.ServeHTTP(w, r)
	})
}

// readForever takes the deadline for reading away. It would go on when the body has
// been read, and then end the request as if the client were gone.
func readForever(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}

// writeWithin has writing fail after a time.
func writeWithin(w http.ResponseWriter, d time.Duration) {
	_ = http.NewResponseController(w).SetWriteDeadline(after(time.Now(), d))
}

// after returns the time after a duration; zero is no deadline.
func after(now time.Time, d time.Duration) time.Time {
	if d == noDeadline {
		return time.Time{}
	}
	return now.Add(d)
}

// answerFirst lets an answer go out before the body of the request has come, and
// ends the connection then. Otherwise net/http waits for the body; full duplex,
// which would not, panics where the body comes after the handler has returned.
func answerFirst(w http.ResponseWriter) { w.Header().Set("Connection", "close") }
