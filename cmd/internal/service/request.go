package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// inputs are the input fields of the built-in predictor.
type inputs struct {
	Question string `json:"question"`
	Context  string `json:"context"`
}

// extraction is the body of an answer of the built-in predictor.
type extraction struct {
	PredictionType otelmetrics.PredictionType `json:"prediction_type"`
	Outputs        map[string]any             `json:"outputs"`
}

// decode reads the one JSON value of the body. The content type is not looked
// at: curl's default for a body is that of a form.
func decode(body []byte) (inputs, error) {
	var question struct {
		PredictionType otelmetrics.PredictionType `json:"prediction_type"`
		Inputs         inputs                     `json:"inputs"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&question); err != nil {
		return inputs{}, explain(err)
	}
	if err := decoder.Decode(new(json.RawMessage)); !errors.Is(err, io.EOF) {
		return inputs{}, errors.New("the body has data after the JSON object")
	}
	if strings.TrimSpace(question.Inputs.Question) == "" {
		return inputs{}, errors.New("inputs.question is missing or empty")
	}
	return question.Inputs, nil
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
		return errors.New("the body is not complete JSON")
	default:
		return err
	}
}
