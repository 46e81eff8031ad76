package extractive_test

import (
	"context"
	"fmt"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/extractive"
)

func ExamplePredictor_Predict() {
	p, err := extractive.New(`The counter dspy_predictions_total counts predictions.
		The histogram dspy_prediction_duration_seconds uses the buckets 0.1, 1 and 10 seconds.`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"Which buckets does the histogram use?", "Who painted the Mona Lisa?"} {
		answer, err := p.Predict(context.Background(), extractive.Question{Text: text})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(answer.Text)
	}
	// Output:
	// The histogram dspy_prediction_duration_seconds uses the buckets 0.1, 1 and 10 seconds.
	// no passage of the text answers this question
}
