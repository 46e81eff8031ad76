package grpc_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	server "google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dspy-metrics/dspy-metrics/examples/integrations/grpc"
	"github.com/dspy-metrics/dspy-metrics/examples/integrations/internal/situation"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// answer is what the methods do with a question.
func answer(ctx context.Context, question string, began func()) error {
	switch question {
	case "busy":
		return status.Error(codes.ResourceExhausted, "busy")
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

// description is what protoc would generate.
func description(began func()) *server.ServiceDesc {
	return &server.ServiceDesc{
		ServiceName: "qa.Answers", HandlerType: (*any)(nil),
		Methods: []server.MethodDesc{{MethodName: "Ask", Handler: func(_ any, ctx context.Context, decode func(any) error, interceptor server.UnaryServerInterceptor) (any, error) {
			in := &wrapperspb.StringValue{}
			if err := decode(in); err != nil {
				return nil, err
			}
			handler := func(ctx context.Context, in any) (any, error) {
				question, _ := in.(*wrapperspb.StringValue)
				return wrapperspb.String("42"), answer(ctx, question.GetValue(), began)
			}
			return interceptor(ctx, in, &server.UnaryServerInfo{FullMethod: "/qa.Answers/Ask"}, handler)
		}}},
		Streams: []server.StreamDesc{{StreamName: "Tell", ServerStreams: true, Handler: func(_ any, stream server.ServerStream) error {
			in := &wrapperspb.StringValue{}
			if err := stream.RecvMsg(in); err != nil {
				return err
			}
			for range 3 {
				if err := stream.SendMsg(wrapperspb.String("42")); err != nil {
					return err
				}
			}
			return answer(stream.Context(), in.GetValue(), began)
		}}},
	}
}

func serve(t *testing.T, m *otelmetrics.Metrics, began func()) string {
	t.Helper()
	// A panic that nobody recovers from ends a gRPC server.
	recovered := func(err *error) {
		if r := recover(); r != nil {
			*err = status.Error(codes.Internal, fmt.Sprint(r))
		}
	}
	options := append([]server.ServerOption{
		server.ChainUnaryInterceptor(func(ctx context.Context, in any, _ *server.UnaryServerInfo, next server.UnaryHandler) (_ any, err error) {
			defer recovered(&err)
			return next(ctx, in)
		}),
		server.ChainStreamInterceptor(func(s any, stream server.ServerStream, _ *server.StreamServerInfo, next server.StreamHandler) (err error) {
			defer recovered(&err)
			return next(s, stream)
		}),
	}, grpc.Options(m)...)
	s := server.NewServer(options...)
	s.RegisterService(description(began), struct{}{})
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(listener) }() // It ends with the test.
	t.Cleanup(s.Stop)
	return listener.Addr().String()
}

// call asks a question.
func call(method, question string, want codes.Code) func(context.Context, *testing.T, string) {
	return func(ctx context.Context, t *testing.T, address string) {
		t.Helper()
		conn, err := server.NewClient(address, server.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if method != "Tell" {
			err = conn.Invoke(ctx, "/qa.Answers/"+method, wrapperspb.String(question), &wrapperspb.StringValue{})
		} else {
			err = tell(ctx, conn, question)
		}
		if status.Code(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func tell(ctx context.Context, conn *server.ClientConn, question string) error {
	stream, err := conn.NewStream(ctx, &server.StreamDesc{ServerStreams: true}, "/qa.Answers/Tell")
	if err != nil {
		return err
	}
	if err := errors.Join(stream.SendMsg(wrapperspb.String(question)), stream.CloseSend()); err != nil {
		return err
	}
	for received := 0; ; received++ {
		if err := stream.RecvMsg(&wrapperspb.StringValue{}); err != nil {
			if received == 3 && status.Code(err) == codes.Unknown && err.Error() == "EOF" {
				return nil
			}
			return err
		}
	}
}

func TestUnary(t *testing.T) {
	t.Parallel()
	const ask = "/qa.Answers/Ask"
	situation.TryCalls(t, serve, map[string]situation.Call{
		"route":       {Make: call("Ask", "fine", codes.OK), Endpoint: ask, Status: 200},
		"no route":    {Make: call("None", "fine", codes.Unimplemented)},
		"failure":     {Make: call("Ask", "busy", codes.ResourceExhausted), Endpoint: ask, Status: 429},
		"plain error": {Make: call("Ask", "plain error", codes.Unknown), Endpoint: ask, Status: 500},
		"panic":       {Make: call("Ask", "panic", codes.Internal), Endpoint: ask, Status: 500},
		"gone":        {Make: call("Ask", "wait", codes.Canceled), Endpoint: ask, Status: 499},
		"too slow":    {Make: call("Ask", "deadline", codes.DeadlineExceeded), Endpoint: ask, Status: 504},
	})
}

func TestStream(t *testing.T) {
	t.Parallel()
	const ask = "/qa.Answers/Tell"
	situation.TryCalls(t, serve, map[string]situation.Call{
		"route":    {Make: call("Tell", "fine", codes.OK), Endpoint: ask, Status: 200},
		"failure":  {Make: call("Tell", "busy", codes.ResourceExhausted), Endpoint: ask, Status: 429},
		"panic":    {Make: call("Tell", "panic", codes.Internal), Endpoint: ask, Status: 500},
		"gone":     {Make: call("Tell", "wait", codes.Canceled), Endpoint: ask, Status: 499},
		"too slow": {Make: call("Tell", "deadline", codes.DeadlineExceeded), Endpoint: ask, Status: 504},
	})
}
