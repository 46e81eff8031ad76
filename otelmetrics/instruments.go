package otelmetrics

import (
	"errors"
	"net"
	"slices"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/internal/genai"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// instruments are those of the generations that are on; others are nil.
type instruments struct {
	operation, firstChunk, tokens, invocation, inferenceCalls, toolCalls bind[metric.Float64Histogram]

	usage map[TokenType]bind[metric.Int64Counter]
}

// declareModels declares the metrics of the generations that are on.
func (p *pipeline) declareModels() error {
	if *p.genAI == 0 {
		return nil
	}
	i, err := p.declareGenAI()
	values := p.valuesOf(genai.Labels()...)
	last := len(values) - 1 // the error
	p.models = label.NewTree(func(of []string) *modelSeries {
		return i.series(of[0], of[1:], values[last])
	}, append(p.valuesOf(p.contract.Labels.Service), values[:last]...)...).Limit(p.seriesLimit)
	return err
}

func (p *pipeline) declareGenAI() (i instruments, err error) {
	var errs []error
	histogram := func(m views.Metric) bind[metric.Float64Histogram] {
		instrument, err := declare(p, m, float64Histogram)
		errs = append(errs, err)
		return instrument
	}
	if *p.genAI&GenAIReleased != 0 {
		i.operation = histogram(genai.OperationDuration())
		i.firstChunk = histogram(genai.TimeToFirstChunk())
		i.tokens = histogram(genai.TokenUsage())
	}
	if *p.genAI&GenAINew != 0 {
		i.invocation = histogram(genai.InvocationDuration())
		i.inferenceCalls = histogram(genai.InferenceCalls())
		i.toolCalls = histogram(genai.ToolCalls())
		i.usage = make(map[TokenType]bind[metric.Int64Counter])
		for what, m := range genai.Usage() {
			i.usage[TokenType(what)], err = declare(p, m, int64Counter)
			errs = append(errs, err)
		}
	}
	return i, errors.Join(errs...)
}

// series makes the series of a service and a model, whose values are in the
// order of [genai.Labels].
func (i instruments) series(service string, model []string, errorTypes *label.Values) *modelSeries {
	asked := []attribute.KeyValue{genai.ProviderName.String(model[0])}
	invoked := []attribute.KeyValue{genai.AgentName.String(service)}
	if name := model[1]; name != views.Unknown {
		asked = append(asked, genai.RequestModel.String(name))
		invoked = append(invoked, genai.RequestModel.String(name))
	}
	if name := model[2]; name != views.Unknown {
		asked = append(asked, genai.ResponseModel.String(name))
	}
	if model[3] != views.Unknown {
		asked = append(asked, server(model[3])...)
	}
	s := &modelSeries{usage: make(map[TokenType]metric.Int64Counter)}
	for what, counter := range i.usage {
		s.usage[what] = counter(append(slices.Clip(asked),
			genai.OperationName.String(genai.Chat), genai.TokenModality.String(genai.UnknownModality))...)
	}
	for o := range operations {
		name := genai.OperationName.String(o.String())
		s.operations[o] = i.operationSeries(append(slices.Clip(asked), name), append(slices.Clip(invoked), name), errorTypes)
	}
	return s
}

func (i instruments) operationSeries(asked, invoked []attribute.KeyValue, errorTypes *label.Values) operationSeries {
	durations := func(more ...attribute.KeyValue) (out []metric.Float64Histogram) {
		if i.operation != nil {
			out = append(out, i.operation(append(slices.Clip(asked), more...)...))
		}
		if i.invocation != nil {
			out = append(out, i.invocation(append(slices.Clip(invoked), more...)...))
		}
		return out
	}
	s := operationSeries{
		succeeded: durations(),
		failed: label.NewTree(func(errorType []string) []metric.Float64Histogram {
			if errorType[0] == string(ErrorOther) {
				return durations(genai.ErrorType.String(genai.OtherError))
			}
			return durations(genai.ErrorType.String(errorType[0]))
		}, errorTypes),
	}
	if i.operation != nil {
		s.firstChunk = i.firstChunk(asked...)
		s.tokens = make(map[TokenType]metric.Float64Histogram)
		for _, what := range []TokenType{TokensInput, TokensOutput} {
			s.tokens[what] = i.tokens(append(slices.Clip(asked), genai.TokenType.String(string(what)))...)
		}
	}
	if i.invocation != nil {
		s.inferenceCalls, s.toolCalls = i.inferenceCalls(invoked...), i.toolCalls(invoked...)
	}
	return s
}

// server returns the attributes of host, host:port or the path of a socket.
func server(address string) []attribute.KeyValue {
	if host, port, err := net.SplitHostPort(address); err == nil {
		if number, err := strconv.ParseUint(port, 10, 16); err == nil {
			return []attribute.KeyValue{genai.ServerAddress.String(host), genai.ServerPort.Int(int(number))}
		}
	}
	return []attribute.KeyValue{genai.ServerAddress.String(address)}
}
