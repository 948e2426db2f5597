package resp

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxShown = 256 // bytes of a server's message that Error shows
	maxName  = 64  // bytes of a quoted name that Error shows
	hidden   = "[hidden]"
)

// argsEcho precedes the arguments of a command that the server does not know. Redis and Valkey quote them, others do not.
const argsEcho = "with args beginning with:"

// Servers put what they were sent into quotes: "Syntax error in HELLO option 'x'", "Error in ACL SETUSER modifier 'x'", "Invalid
// argument 'x' for SENTINEL SET 'y'". Which commands do so differs from version to version, so every quotation is hidden but one
// that follows one of these phrases, behind which servers quote the name of a command, subcommand or setting.
var namePhrases = []string{"ommand ", "arguments for ", "run the ", "execute ", "related to argument "}

// clean makes a server's message safe to show. It takes no memory but for what is shown, however long the message is.
func clean(msg string) string {
	var l shownLine
	args := strings.Index(msg, argsEcho)
	if args < 0 {
		l.hideQuoted(msg)
		return l.b.String()
	}
	l.hideQuoted(msg[:args+len(argsEcho)])
	l.write(" " + hidden)
	return l.b.String()
}

// A shownLine is what is shown of a message: one line, harmless to a terminal, and no longer than maxShown bytes.
type shownLine struct {
	b    strings.Builder
	full bool
}

func (l *shownLine) write(s string) {
	for _, r := range s {
		if l.full {
			return
		}
		if l.b.Len() >= maxShown {
			r, l.full = '…', true
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = ' '
		}
		l.b.WriteRune(r)
	}
}

// hideQuoted writes msg without its quotations. What is quoted may hold quotes itself, so everything up to the last quote of the message goes.
func (l *shownLine) hideQuoted(msg string) {
	from := 0
	for !l.full {
		i := openingQuote(msg, from)
		if i < 0 {
			l.write(msg)
			return
		}
		if end := nameEnd(msg, i); end > 0 && followsName(msg[:i]) {
			from = end
			continue
		}
		l.write(msg[:i])
		l.write(hidden)
		last := strings.LastIndexByte(msg, msg[i])
		if last == i {
			return
		}
		msg, from = msg[last+1:], 0
	}
}

// openingQuote returns where the first quotation begins, or -1. Apostrophes, as in "can't", are inside a word.
func openingQuote(msg string, from int) int {
	for i := from; i < len(msg); i++ {
		if c := msg[i]; (c == '\'' || c == '"' || c == '`') && (i == 0 || !isWordByte(msg[i-1])) {
			return i
		}
	}
	return -1
}

// nameEnd returns where the quoted name ends that begins at i; 0 when it is none, or may be none: of its quotes there must be just these two, for
// an argument may hold quotes itself.
func nameEnd(msg string, i int) int {
	end := nextQuote(msg, i+1, msg[i])
	if end < 0 || !isName(msg[i+1:end]) || nextQuote(msg, end+1, msg[i]) >= 0 {
		return 0
	}
	return end + 1
}

// nextQuote returns where the next quote of a kind is that is not an apostrophe inside a word, or -1.
func nextQuote(msg string, from int, quote byte) int {
	for i := from; i < len(msg); i++ {
		inWord := i > 0 && isWordByte(msg[i-1]) && i+1 < len(msg) && isWordByte(msg[i+1])
		if msg[i] == quote && !inWord {
			return i
		}
	}
	return -1
}

func followsName(before string) bool {
	for _, phrase := range namePhrases {
		if strings.HasSuffix(before, phrase) {
			return true
		}
	}
	return false
}

// isName reports whether s looks like the name of a command, such as "client|kill".
func isName(s string) bool {
	if len(s) > maxName {
		return false
	}
	for i := range len(s) {
		if !isWordByte(s[i]) && strings.IndexByte("|-_.", s[i]) < 0 {
			return false
		}
	}
	return true
}

func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
