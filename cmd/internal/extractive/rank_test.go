package extractive

import (
	"math"
	"testing"
)

func TestScore(t *testing.T) {
	t.Parallel()
	p := newPredictor(t)
	q, err := p.read(t.Context(), "red apples")
	if err != nil {
		t.Fatal(err)
	}
	got, err := score(t.Context(), []string{"red red apple", "blue sky", "apple"}, q)
	if err != nil {
		t.Fatal(err)
	}
	// By hand: idf(red) = ln(1+2.5/1.5), idf(apple) = ln(1+1.5/2.5), lengths 3,
	// 2 and 1 with an average of 2, so norms 1.65, 1.2 and 0.75.
	red, apple := math.Log(1+2.5/1.5), math.Log(1+1.5/2.5)
	want := []float64{red*2*2.2/(2+1.65) + apple*2.2/(1+1.65), 0, apple * 2.2 / (1 + 0.75)}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Errorf("passage %d: got %v, want %v", i, got[i], want[i])
		}
	}
}

func TestWordOrderTies(t *testing.T) {
	t.Parallel()
	q := Question{
		Text:    "alpha beta gamma delta",
		Context: "delta gamma beta alpha. alpha beta gamma delta. gamma alpha delta beta. epsilon alpha. beta. gamma beta.",
	}
	got, err := newPredictor(t).Predict(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if got.Text != "delta gamma beta alpha." || got.Passages[0].Score != got.Passages[2].Score {
		t.Errorf("got %+v", got.Passages)
	}
}
