package resp

import "encoding/hex"

// A Script is the text of a Lua script and the name by which servers know it, its SHA-1. It is immutable.
type Script struct {
	text, sha string
}

// NewScript returns the script of a text. Servers take different texts for different scripts, whatever they do.
func NewScript(text string) *Script {
	sum := sha1Sum(text)
	return &Script{text: text, sha: hex.EncodeToString(sum[:])}
}

// Text returns the Lua text.
func (s *Script) Text() string { return s.text }

// SHA returns the SHA-1 of the text in lower-case hexadecimal, 40 digits, as EVALSHA takes it.
func (s *Script) SHA() string { return s.sha }

// String returns the SHA.
func (s *Script) String() string { return s.sha }

// scriptUse is a command of a request that runs a script.
type scriptUse struct {
	s       *Script
	command int // its index among the commands
	start   int // where it begins in Request.buf
	end     int // where the next one begins; 0 while there is none
}

// evalSHA is the name of the command as it is encoded, and what follows it is $40, the SHA and its end.
const (
	evalSHA     = "EVALSHA"
	evalSHASize = len("$7\r\nEVALSHA\r\n") + len("$40\r\n") + 2*sha1Size + len("\r\n")
)

// Script begins a command that runs s with these keys, by EVALSHA. Further arguments are the script's ARGV. The connection that carries the request sends
// the text where the server does not know the script; see there.
func (q *Request) Script(s *Script, keys ...string) *Request {
	use := scriptUse{s: s, command: q.commands, start: len(q.buf)}
	q.Cmd(evalSHA).Str(s.sha).Int(int64(len(keys))).Args(keys...)
	q.scripts = append(q.scripts, use)
	return q
}

// Scripted reports whether [Request.Script] was called.
func (q *Request) Scripted() bool { return len(q.scripts) > 0 }

// AppendEval adds the i-th command of q to dst, with the text of its script in place of the name. It reports false, and adds nothing, when that
// command is none of [Request.Script].
func (q *Request) AppendEval(dst *Request, i int) bool {
	for k := range q.scripts {
		if use := &q.scripts[k]; use.command == i {
			end := use.end
			if end == 0 {
				end = len(q.buf)
			}
			dst.appendEval(use.s, q.buf[use.start:end])
			return true
		}
	}
	return false
}

// endScript notes that another command begins.
func (q *Request) endScript() {
	if last := &q.scripts[len(q.scripts)-1]; last.end == 0 {
		last.end = len(q.buf)
	}
}

// appendEval adds a command that was encoded with EVALSHA, as EVAL with the text.
func (q *Request) appendEval(s *Script, encoded []byte) {
	var r Reply
	r.Reset(encoded)
	args := r.Array()
	q.begin()
	q.head, q.args = len(q.buf)+1, args
	count := headLen(encoded)
	q.buf = append(q.buf, encoded[:count]...)
	q.buf = appendString(q.buf, BulkString, "EVAL")
	q.buf = appendString(q.buf, BulkString, s.text)
	q.buf = append(q.buf, encoded[count+evalSHASize:]...)
}

// headLen returns the length of the first line, its end included.
func headLen(encoded []byte) int {
	n := 0
	for encoded[n] != '\n' {
		n++
	}
	return n + 1
}
