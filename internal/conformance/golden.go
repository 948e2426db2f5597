package conformance

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"
)

//go:embed testdata/*.json
var testdata embed.FS

// A goldenCase is one call of a function of BunkerWeb: what the store held, and what came of it.
type goldenCase struct {
	Name    string            `json:"name"`
	Now     int64             `json:"now"` // the clock of the node, Unix seconds
	Setup   [][]string        `json:"setup"`
	Returns []any             `json:"lua_returns"`
	After   map[string]record `json:"after"`
	Call    goldenCall        `json:"call"`
}

// A goldenCall has the arguments of all the functions. A nil is one that was not given.
type goldenCall struct {
	IP         string          `json:"ip"`
	Reason     *string         `json:"reason"`
	TTL        *float64        `json:"ttl"`
	Service    *string         `json:"service"`
	Country    *string         `json:"country"`
	Scope      *string         `json:"ban_scope"`
	ReasonData json.RawMessage `json:"reason_data"`
	ServerName string          `json:"server_name"`
	Op         string          `json:"op"`
	CountTime  int             `json:"count_time"`
	BanTime    int             `json:"ban_time"`
	Threshold  int             `json:"threshold"`
}

// load reads a golden file. It is part of the program, so whatever is wrong with it is a mistake in the program.
func load(file string, into any) {
	text, err := testdata.ReadFile("testdata/" + file)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		panic(fmt.Sprintf("conformance: %s: %v", file, err))
	}
}

// goldenTests makes a test of each case.
func goldenTests(cases []goldenCase, run func(f *fixture, c goldenCase)) []test {
	tests := make([]test, len(cases))
	for i, c := range cases {
		tests[i] = test{c.Name, func(f *fixture) {
			f.setup(c.Setup)
			run(f, c)
		}}
	}
	return tests
}

// succeeded reports whether the function returned true, or a number.
func (c goldenCase) succeeded() bool {
	return len(c.Returns) > 0 && c.Returns[0] != nil && c.Returns[0] != false
}

// problem is the text behind false or nil.
func (c goldenCase) problem() string {
	s, _ := c.Returns[1].(string)
	return s
}

// addr is the zero Addr when the case has something else.
func (c goldenCall) addr() netip.Addr {
	ip, _ := netip.ParseAddr(c.IP)
	return ip
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// or returns what a pointer points to, or else what BunkerWeb takes in its place.
func or[T any](p *T, byDefault T) T {
	if p == nil {
		return byDefault
	}
	return *p
}
