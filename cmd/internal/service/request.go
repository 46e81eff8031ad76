package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Request is the body of POST /predict.
type Request struct {
	PredictionType otelmetrics.PredictionType `json:"prediction_type"`
	Inputs         Inputs                     `json:"inputs"`
}

// Inputs are the input fields of the predictor.
type Inputs struct {
	Question string `json:"question"`
	Context  string `json:"context"`
}

// Outputs are the output fields of the predictor.
type Outputs map[string]any

// answer is the body of a successful response. The embedded predictor spends no
// tokens and has no cache.
type answer struct {
	PredictionType otelmetrics.PredictionType `json:"prediction_type"`
	Outputs        Outputs                    `json:"outputs"`
	Usage          any                        `json:"usage"`
	Cached         bool                       `json:"cached"`
}

// decode reads the one JSON value of the body. The content type is not looked
// at: curl's default for a body is that of a form.
func decode(body io.Reader) (Request, error) {
	request := Request{PredictionType: otelmetrics.Predict}
	decoder := json.NewDecoder(body)
	if err := decoder.Decode(&request); err != nil {
		return Request{}, explain(err)
	}
	if err := decoder.Decode(new(json.RawMessage)); !errors.Is(err, io.EOF) {
		if explained := explain(err); tooLarge(explained) {
			return Request{}, explained
		}
		return Request{}, errors.New("the body goes on after the JSON object")
	}
	return request, nil
}

func explain(err error) error {
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return fmt.Errorf("the body is a JSON %s, not an object", wrongType.Value)
	case errors.As(err, &wrongType):
		return fmt.Errorf("%s is a JSON %s, not a %s", wrongType.Field, wrongType.Value, wrongType.Type.Kind())
	case errors.As(err, &syntax):
		return fmt.Errorf("the body is not JSON: %w at byte %d", err, syntax.Offset)
	case errors.Is(err, io.EOF):
		return errors.New("the body is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the body is not JSON: it ends too early")
	default:
		return err
	}
}

func tooLarge(err error) bool {
	var limit *http.MaxBytesError
	return errors.As(err, &limit)
}
