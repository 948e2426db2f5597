package internal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/bwredis/bwredis/internal/redistest"
)

// Two passwords that are nowhere else, of such bytes as get quoted and escaped.
const (
	canary         = `c4n4ry"pass'word-of-the-server-that-is-long-enough-for-servers-to-echo-only-the-beginning-of-it-when-they-echo-what-they-were-sent-at-all`
	sentinelCanary = `s3nt1nel'c4n4ry"password-of-the-sentinels`
)

// traces are what gives a password away: how it begins, as text, in hexadecimal and as a list of bytes.
func traces() (all []string) {
	for _, secret := range []string{canary[:6], canary[7:16], sentinelCanary[:8]} {
		list := strings.Trim(fmt.Sprint([]byte(secret)), "[]")
		source := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", []byte(secret)), "[]byte{"), "}")
		all = append(all, secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), list, strings.ReplaceAll(list, " ", ", "), source)
	}
	return all
}

// shown is everything that becomes of v on its way to a screen or a log.
func shown(v any) string {
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X"} {
		fmt.Fprintf(&b, verb+"\n", v)
		fmt.Fprintf(&b, verb+"\n", []any{v})
		fmt.Fprintf(&b, verb+"\n", struct{ Field any }{v})
	}
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&b, nil), slog.NewTextHandler(&b, nil)} {
		slog.New(handler).Info("it is", "value", v)
		slog.New(handler).Info("they are", "values", []any{v})
	}
	if encoded, err := json.Marshal(v); err == nil {
		b.Write(encoded)
	}
	return b.String()
}

// hides requires that nothing of a password is in what v is shown as.
func hides(t *testing.T, name string, v any) {
	t.Helper()
	text := shown(v)
	for _, trace := range traces() {
		if i := strings.Index(text, trace); i >= 0 {
			assert.Fail(t, name+" shows a password", "%T: …%s…", v, text[max(0, i-200):min(len(text), i+100)])
			return
		}
	}
}

// errorHides requires the same of an error and of all that it wraps. There has to be one.
func errorHides(t *testing.T, name string, err error) {
	t.Helper()
	if !assert.Error(t, err, name) {
		return
	}
	for _, e := range chain(err) {
		text := e.Error() + "\n" + fmt.Sprintf("%v %+v %#v %s %q %x %X", e, e, e, e, e, e, e)
		for _, trace := range traces() {
			assert.NotContains(t, text, trace, name)
		}
	}
	hides(t, name, fmt.Errorf("outside: %w", err))
}

// chain returns err and whatever it wraps.
func chain(err error) []error {
	all := []error{err}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = append(all, chain(inner)...)
		}
	case interface{ Unwrap() error }:
		if inner := errors.Unwrap(err); inner != nil {
			all = append(all, chain(inner)...)
		}
	}
	return all
}

// The test would see it: a type that shows its password is found out, however it spells it.
func TestCanaryIsSeen(t *testing.T) {
	type careless struct {
		Password string
		buf      []byte
	}
	for _, v := range []any{careless{Password: canary}, &careless{buf: []byte("AUTH " + sentinelCanary)}, fmt.Errorf("wrong: %q", canary)} {
		found := false
		for _, trace := range traces() {
			found = found || strings.Contains(shown(v), trace)
		}
		assert.True(t, found, "%T", v)
	}
}

// hostile are servers that do not let anybody in, and most of which say in some way what they were told.
func hostile() map[string]redistest.Handler {
	say := func(format string) redistest.Handler {
		return func(c *redistest.Session, args []string) {
			c.Raw(fmt.Sprintf(format, strings.Join(args, " "), args[len(args)-1]))
		}
	}
	return map[string]redistest.Handler{
		"other password":           redistest.Redis(redistest.Options{Password: "other"}),
		"other password, Redis 5":  redistest.Redis(redistest.Options{Password: "other", NoHello: true}),
		"no such user":             redistest.Redis(redistest.Options{Users: map[string]string{"bob": "other"}}),
		"no password, Redis 5":     redistest.Redis(redistest.Options{NoHello: true}),
		"no such commands":         redistest.Redis(redistest.Options{Unknown: []string{"HELLO", "AUTH"}}),
		"HELLO refused, then AUTH": redistest.Redis(redistest.Options{Password: "other", HelloError: "ERR what is HELLO 3 AUTH default " + canary}),
		"ACL":                      redistest.Redis(redistest.Options{Password: canary, Forbid: []string{"SELECT", "PING"}}),
		"ACL of sentinels":         redistest.Redis(redistest.Options{Password: sentinelCanary, Forbid: []string{"SELECT", "PING"}}),
		"echoes all":               say("-ERR what is %s?\r\n"),
		"echoes the password":      say("-WRONGPASS not %[2]s\r\n"),
		"echoes it as a code":      say("-%[2]s is no password\r\n"),
		"echoes it quoted":         say("-ERR Syntax error in HELLO option '%[2]s'\r\n"),
		"echoes it as a string":    say("+%[1]s\r\n"),
		"echoes it as no RESP":     say("%[2]s\r\n"),
		"echoes it as a length":    say("$%[2]s\r\n"),
		"echoes it as a map":       say("%%1\r\n+%[2]s\r\n:%[2]s\r\n"),
		"echoes it and closes":     func(c *redistest.Session, args []string) { say("-ERR %[2]s\r\n")(c, args); c.Close() },
		"closes":                   func(c *redistest.Session, _ []string) { c.Close() },
		"resets":                   func(c *redistest.Session, _ []string) { c.Reset() },
		"says nothing":             func(c *redistest.Session, _ []string) { c.Stall() },
	}
}
