package main

import (
	"strings"
	"testing"
)

func TestWindowRenamesPorts(t *testing.T) {
	w := new(window)
	renamed := [][2]string{{"40001", "50001"}, {"40002", "50002"}}
	for in, want := range map[string]string{
		"*2\r\n$4\r\nport\r\n$5\r\n40001\r\n":                                           "*2\r\n$4\r\nport\r\n$5\r\n50001\r\n",
		"*3\r\n$7\r\nmessage\r\n$9\r\n+sentinel\r\n$24\r\nsentinel x 1.2.3.4 40002\r\n": "*3\r\n$7\r\nmessage\r\n$9\r\n+sentinel\r\n$24\r\nsentinel x 1.2.3.4 50002\r\n",
		"$8\r\nab40001c\r\n": "$8\r\nab40001c\r\n", // a part of an id
	} {
		if got := string(w.edit([]byte(in), renamed)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// What is published is withheld, and no answer is: who subscribes also gets those.
func TestWindowThatIsDeaf(t *testing.T) {
	messages := []string{
		"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n", ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n",
		">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$1\r\nx\r\n",
	}
	answers := []string{
		"*3\r\n$9\r\nsubscribe\r\n$7\r\nmessage\r\n:1\r\n", ">3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1\r\n", "*2\r\n$4\r\npong\r\n$0\r\n\r\n",
		"*2\r\n$9\r\n127.0.0.1\r\n$5\r\n40001\r\n", "+PONG\r\n", "$7\r\nmessage\r\n", "*-1\r\n",
	}
	w := new(window)
	through := func(frames []string) (out string) {
		for _, f := range frames {
			out += string(w.edit([]byte(f), nil))
		}
		return out
	}
	if got, want := through(append(messages, answers...)), strings.Join(append(messages, answers...), ""); got != want {
		t.Errorf("not deaf: got %q", got)
	}
	w.deaf.Store(true)
	if got := through(messages); got != "" {
		t.Errorf("deaf: got %q", got)
	}
	if got, want := through(answers), strings.Join(answers, ""); got != want {
		t.Errorf("answers: got %q", got)
	}
}
