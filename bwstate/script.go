package bwstate

import (
	"embed"
	"slices"

	"github.com/bwredis/bwredis/resp"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// A script runs on the server, in one step that nothing else can come between. Each has a twin in Go, for the embedded store.
type script struct {
	*resp.Script
	twin twin
}

// A twin does in the embedded store what a script does on a server. call runs a command as redis.pcall does; the reply is appended to dst.
type twin = func(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte

// newScript makes a script of a file. In front of it stands refused.lua, which all have in common, and what is common to several is in files behind that.
func newScript(file string, twin twin, common ...string) *script {
	var text []byte
	for _, name := range slices.Concat([]string{"refused.lua"}, common, []string{file}) {
		part, err := luaFiles.ReadFile("lua/" + name)
		if err != nil {
			panic("bwstate: " + err.Error()) // a missing file would fail every test
		}
		text = append(text, part...)
	}
	return &script{Script: resp.NewScript(string(text)), twin: twin}
}

// scripts are all there are.
var scripts = []*script{
	increaseScript, decreaseScript,
	putSessionScript, touchSessionScript, revokeSessionScript, revokeSubjectScript, listSessionsScript,
	replaceScript,
	claimScript, fillScript, setEntryScript,
	limitsScript, limitCountScript,
	pushReportsScript, recountReportsScript,
	addMetricScript, metricTableScript, readMetricScript, addCountScript, readCountScript, addTopScript, readTopScript, deleteTopScript,
}
