package extractive

import (
	"strings"
	"testing"
)

func TestAskedFor(t *testing.T) {
	t.Parallel()
	for want, questions := range map[answerType][]string{
		date: {
			"When was the tower finished?", "Since when is it open?", "Tell me when it was built.", "In what year did it open?",
			"Which century was it?", "By when must it end?", "If it is old, when was it built?", "WHEN DID IT END",
		},
		person: {
			"Who built it?", "By whom was it built?", "Whose idea was it?", "Which person drew it?", "Do you know who built it?",
			"When the cache is full, who empties it?", "It was built in 1889. Who built it?",
		},
		place: {"Where is it?", "From where does it come?", "Which city has it?", "Say where it stands.", "In which country is it?"},
		quantity: {
			"How many people came?", "How much does it cost?", "How tall is it?", "In how many years was it built?",
			"What number of steps has it?", "And how often does it open?",
		},
		anything: {
			"", "?", "What happens when the cache is full?", "Which label names the module when it fails?", "Why was it built?",
			"How does it work?", "Is it red?", "whenever whoever", "Which buckets does the histogram use?", "首都在哪里？",
		},
	} {
		for _, q := range questions {
			if got := askedFor(q); got != want {
				t.Errorf("%q asks for %v, want %v", q, got, want)
			}
		}
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	p := newPredictor(t)
	question, err := p.read(t.Context(), "Eiffel tower 7 Paris 1887")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[answerType]struct{ yes, no []string }{
		date: {
			yes: []string{
				"It was finished in 1889.", "1889", "It opened (1889) to all.", "On 31 March 1889 it opened.", "in May", "It opens on Monday.",
				"2024-05-01", "05/01/2024", "The 1980s were loud.", "In the 19th century it stood.", "Caesar died 44 BC.", "at 10:30", "at 5pm",
				"at 5 pm", "It began yesterday.", "two years ago", "The year 1066 changed it.", "Built 1889, it stands.", "in September",
			},
			no: []string{
				"It has 1665 steps.", "It may march.", "In may it march.", "It is 330 m high.", "Version 2.5 came.", "The 2nd tower.", "begun in 1887",
				"12,000 people", "dspy_1889_total", "A 65536 b", "",
			},
		},
		person: {
			yes: []string{
				"Gustave Eiffel built it.", "It was built by Marie Curie.", "Curie discovered it.", "The builder was Maurice.", "It is by Émile Nouguier.",
				"O'Neil drew it.",
			},
			no: []string{
				"It was built.", "The Eiffel Tower is in Paris.", "It stands in Berlin.", "It opened in March 1889.", "On Monday it opened.", "Finally it was built.",
				"It lies near the Seine.", "the engineers built it", "",
			},
		},
		place: {
			yes: []string{
				"It stands in France.", "It is near the Seine.", "It is at http://localhost/metrics.", "The file is /etc/hosts.", "It sleeps under the table.",
				"It hangs on the wall.", "They moved to New York.", "It runs through Lower Saxony.",
			},
			no: []string{
				"It stands in Paris.", "It opened in 1889.", "It opened in the morning.", "Gustave built it.", "In the end it stood.", "in May 1889", "It is red.", "",
			},
		},
		quantity: {
			yes: []string{
				"It has 1665 steps.", "It took two years.", "It is 330m high.", "12,000 people came.", "0.5 of it", "A dozen came.", "One door is open.",
				"three million", "It rose by 5%.",
			},
			no: []string{
				"It opened in 1889.", "It is the 2nd.", "31 March", "March 31", "It has 7 parts.", "One of them is red.", "v2 p95 a_5", "It is red.", "the 1980s", "",
			},
		},
		anything: {no: []string{"In 1889 Gustave built 5 of them in France."}},
	}
	for asks, tt := range tests {
		t.Run(asks.String(), func(t *testing.T) {
			t.Parallel()
			for _, passage := range tt.yes {
				if !asks.mentions(passage, question, p.stop) {
					t.Errorf("%q does not mention %v", passage, asks)
				}
			}
			for _, passage := range tt.no {
				if asks.mentions(passage, question, p.stop) {
					t.Errorf("%q mentions %v", passage, asks)
				}
			}
		})
	}
}

func TestPredictPrefersWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	const (
		eiffel = "The Eiffel Tower is in Paris. Gustave Eiffel built it. It was finished in 1889 after two years."
		radium = "Radium is a metal. It glows in the dark. Marie Curie discovered it in Paris. That was in 1898. Radium costs much."
		bridge = "The bridge is red and old. Workers painted it again. It took four summers. It crosses the strait near San Francisco. " +
			"Joseph Strauss designed it. The bridge was opened on 27 May 1937."
	)
	p := newPredictor(t)
	tests := map[string]struct{ question, context, want string }{
		"when":                     {"When was the Eiffel Tower finished?", eiffel, "It was finished in 1889 after two years."},
		"when, by a neighbor":      {"When was the Eiffel Tower built?", eiffel, "It was finished in 1889 after two years."},
		"what year":                {"In what year was the Eiffel Tower finished?", eiffel, "It was finished in 1889 after two years."},
		"when discovered":          {"When was radium discovered?", radium, "That was in 1898."},
		"when opened":              {"When was the bridge opened?", bridge, "The bridge was opened on 27 May 1937."},
		"who":                      {"Who built the Eiffel Tower?", eiffel, "Gustave Eiffel built it."},
		"who discovered":           {"Who discovered radium?", radium, "Marie Curie discovered it in Paris."},
		"by whom":                  {"By whom was the bridge designed?", bridge, "Joseph Strauss designed it."},
		"where":                    {"Where is the Eiffel Tower?", eiffel, "The Eiffel Tower is in Paris."},
		"where discovered":         {"Where was radium discovered?", radium, "Marie Curie discovered it in Paris."},
		"where, by a verb":         {"Where does the bridge cross the strait?", bridge, "It crosses the strait near San Francisco."},
		"how many":                 {"How many years did the Eiffel Tower take?", eiffel, "It was finished in 1889 after two years."},
		"how many summers":         {"How many summers did the painting of the bridge take?", bridge, "It took four summers."},
		"how tall":                 {"How tall is the tower?", "The tower is a tall tower. It rises to 330 m.", "It rises to 330 m."},
		"no such thing":            {"When was the tower painted?", "The tower is red. Workers painted the tower.", "Workers painted the tower."},
		"another paragraph":        {"When did the tower open?", "The tower will open.\n\nThe war began in 1914.", "The tower will open."},
		"another item":             {"When did the tower open?", "- The tower will open.\n- The war began in 1914.", "The tower will open."},
		"another line":             {"When did the tower open?", "The tower is here.\nIt began in 1914.", "It began in 1914."},
		"asked for something else": {"What happens when the tower opens?", "The tower opens. It was built in 1889.", "The tower opens."},
		"no shared term":           {"When did the war end?", eiffel, NoAnswer},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, mode := range []Mode{Predict, ChainOfThought, ReAct} {
				got, err := p.Predict(t.Context(), Question{Text: tt.question, Context: tt.context, Mode: mode})
				if err != nil {
					t.Fatalf("%v: %v", mode, err)
				}
				if got.Text != tt.want {
					t.Errorf("%v: got %q, want %q of %+v", mode, got.Text, tt.want, got.Passages)
				}
				if says := strings.Contains(got.Reasoning, "The question asks for"); mode == ChainOfThought && tt.want != NoAnswer && says != (askedFor(tt.question) != anything) {
					t.Errorf("reasoning %q", got.Reasoning)
				}
			}
		})
	}
}
