package connect_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	rpc "connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dspy-metrics/dspy-metrics/examples/integrations/connect"
	"github.com/dspy-metrics/dspy-metrics/examples/integrations/internal/situation"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

const ask, tell = "/qa.Answers/Ask", "/qa.Answers/Tell"

// answer is what the procedures do with a question.
func answer(ctx context.Context, question string, began func()) error {
	switch question {
	case "busy":
		return rpc.NewError(rpc.CodeResourceExhausted, errors.New("busy"))
	case "plain error":
		return errors.New("boom")
	case "panic":
		panic("boom")
	case "deadline":
		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		<-ctx.Done()
		return ctx.Err()
	case "wait":
		began()
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func serve(t *testing.T, m *otelmetrics.Metrics, began func()) string {
	t.Helper()
	options := []rpc.HandlerOption{
		rpc.WithRecover(func(_ context.Context, _ rpc.Spec, _ http.Header, panicked any) error {
			return rpc.NewError(rpc.CodeInternal, fmt.Errorf("%v", panicked))
		}),
		rpc.WithInterceptors(connect.Interceptor(m)),
	}
	mux := http.NewServeMux()
	mux.Handle(ask, rpc.NewUnaryHandler(ask, func(ctx context.Context, in *rpc.Request[wrapperspb.StringValue]) (*rpc.Response[wrapperspb.StringValue], error) {
		return rpc.NewResponse(wrapperspb.String("42")), answer(ctx, in.Msg.GetValue(), began)
	}, options...))
	mux.Handle(tell, rpc.NewServerStreamHandler(tell, func(ctx context.Context, in *rpc.Request[wrapperspb.StringValue], stream *rpc.ServerStream[wrapperspb.StringValue]) error {
		for range 3 {
			if err := stream.Send(wrapperspb.String("42")); err != nil {
				return err
			}
		}
		return answer(ctx, in.Msg.GetValue(), began)
	}, options...))
	return situation.Serve(t, mux)
}

// call asks a question.
func call(procedure, question string, want rpc.Code) func(context.Context, *testing.T, string) {
	return func(ctx context.Context, t *testing.T, url string) {
		t.Helper()
		client := rpc.NewClient[wrapperspb.StringValue, wrapperspb.StringValue](http.DefaultClient, url+procedure)
		in := rpc.NewRequest(wrapperspb.String(question))
		var err error
		if procedure == tell {
			var stream *rpc.ServerStreamForClient[wrapperspb.StringValue]
			if stream, err = client.CallServerStream(ctx, in); err == nil {
				for stream.Receive() {
				}
				err = stream.Err()
				_ = stream.Close()
			}
		} else {
			_, err = client.CallUnary(ctx, in)
		}
		if want == 0 && err != nil || want != 0 && rpc.CodeOf(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestUnary(t *testing.T) {
	t.Parallel()
	situation.TryCalls(t, serve, map[string]situation.Call{
		"route":       {Make: call(ask, "fine", 0), Endpoint: ask, Status: 200},
		"no route":    {Make: call("/qa.Answers/None", "fine", rpc.CodeUnimplemented)},
		"failure":     {Make: call(ask, "busy", rpc.CodeResourceExhausted), Endpoint: ask, Status: 429},
		"plain error": {Make: call(ask, "plain error", rpc.CodeUnknown), Endpoint: ask, Status: 500},
		"panic":       {Make: call(ask, "panic", rpc.CodeInternal), Endpoint: ask, Status: 500},
		"gone":        {Make: call(ask, "wait", rpc.CodeCanceled), Endpoint: ask, Status: 499},
		"too slow":    {Make: call(ask, "deadline", rpc.CodeDeadlineExceeded), Endpoint: ask, Status: 504},
	})
}

func TestStream(t *testing.T) {
	t.Parallel()
	situation.TryCalls(t, serve, map[string]situation.Call{
		"route":    {Make: call(tell, "fine", 0), Endpoint: tell, Status: 200},
		"failure":  {Make: call(tell, "busy", rpc.CodeResourceExhausted), Endpoint: tell, Status: 429},
		"panic":    {Make: call(tell, "panic", rpc.CodeInternal), Endpoint: tell, Status: 500},
		"gone":     {Make: call(tell, "wait", rpc.CodeCanceled), Endpoint: tell, Status: 499},
		"too slow": {Make: call(tell, "deadline", rpc.CodeDeadlineExceeded), Endpoint: tell, Status: 504},
	})
}
