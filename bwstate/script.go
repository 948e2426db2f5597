package bwstate

import (
	"context"
	"crypto/sha1"
	"embed"
	"encoding/hex"

	"github.com/bwredis/bwredis/resp"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// A script runs on the server, in one step that nothing else can come between. Each has a twin in Go, for the embedded store.
type script struct {
	text string
	sha  string // its SHA-1, by which servers know it (EVALSHA)
	twin twin
}

// A twin does in the embedded store what a script does on a server. call runs a command as redis.pcall does; the reply is appended to dst.
type twin = func(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte

func newScript(file string, twin twin) *script {
	text, err := luaFiles.ReadFile("lua/" + file)
	if err != nil {
		panic("bwstate: " + err.Error()) // a missing file would fail every test
	}
	sum := sha1.Sum(text)
	return &script{text: string(text), sha: hex.EncodeToString(sum[:]), twin: twin}
}

// scripts are all there are.
var scripts = []*script{increaseScript, decreaseScript}

// eval runs a script that returns an integer. A server that does not know it, because it restarted or is a new master, gets its text.
func (s *State) eval(ctx context.Context, sc *script, keys []string, argv ...int64) (int64, error) {
	n, err := s.evalAs(ctx, "EVALSHA", sc.sha, keys, argv)
	if resp.IsCode(err, "NOSCRIPT") {
		n, err = s.evalAs(ctx, "EVAL", sc.text, keys, argv)
	}
	return n, err
}

func (s *State) evalAs(ctx context.Context, command, body string, keys []string, argv []int64) (int64, error) {
	op := newAdhoc()
	defer op.recycle()
	op.q.Cmd(command).Str(body).Int(int64(len(keys))).Args(keys...)
	for _, n := range argv {
		op.q.Int(n)
	}
	if err := s.roundTrip(ctx, &op.q, op); err != nil {
		return 0, err
	}
	return op.v.Int()
}
