package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnswer(t *testing.T) {
	for _, c := range []struct{ name, said, want string }{
		{"a word", "hello", "hello, hello!"},
		{"emoji", "👋", "👋, 👋!"},
		{"an exclamation", "Land ahoy!!", "Land ahoy, Land ahoy!"},
		{"a question", "how are you?", "how are you? Who knows!"},
		{"nothing", " ", "hm?"},
		{"too much", strings.Repeat("x", longest+1), "That is a lot to repeat!"},
	} {
		if got := answer(c.said); got != c.want {
			t.Errorf("%s: to %q it says %q, want %q", c.name, c.said, got, c.want)
		}
	}
}

func TestHear(t *testing.T) {
	events := `{"event":"ready","name":"parrot"}
{"event":"came","name":"ann"}
{"event":"said","from":"ann","text":"hello","path":"direct"}
{"event":"sent","to":"ann","text":"hello, hello!","state":"sent"}
{"event":"sent","to":"bob","text":"lost","state":"failed"}
`
	var in strings.Builder
	p := parrot{&in, filepath.Join(t.TempDir(), "answers")}
	if err := p.hear(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	if got, want := in.String(), "@ann hello, hello!\n"; got != want {
		t.Errorf("it typed %q, want %q", got, want)
	}
	answers, err := os.ReadFile(p.notes)
	if got, want := string(answers), "hello, hello!\n"; err != nil || got != want {
		t.Errorf("it noted %q (%v), want %q", got, err, want)
	}
	if err := p.hear(strings.NewReader("oops\n")); err == nil {
		t.Error("a line that is no JSON raised no error")
	}
}
