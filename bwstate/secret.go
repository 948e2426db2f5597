package bwstate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
)

// hiddenText stands for a secret wherever one would be shown.
const hiddenText = "[hidden]"

// maxSecretFile bounds a secret file, in bytes.
const maxSecretFile = 64 << 10

// Secret is a text that hides itself: printed with any verb of fmt, encoded as JSON or text, or logged with
// slog, it is "[hidden]", or nothing when it is empty. string(s) is the text itself.
//
// Two limits. Encoding is one way: what was encoded does not decode to the secret. And fmt cannot call methods
// on an unexported struct field, so a type that holds a Secret, or [Settings], in an unexported field and may
// be printed needs a String method of its own.
type Secret string

// String is "[hidden]", or "" when s is empty.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hiddenText
}

// Format hides s from every verb; without it %x and %d would show the text.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		text = strconv.Quote(text)
	}
	_, _ = io.WriteString(f, text)
}

// MarshalText hides s from encoding/json, encoding/xml and whatever else asks for text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides s from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// readSecretFile returns what the file holds, without one trailing line end: editors and echo add one, and no
// password ends in one. The problem it returns instead never shows what was read.
func readSecretFile(path string) (text, problem string) {
	data, err := readBounded(path, maxSecretFile)
	if err != nil {
		return "", "cannot be read: " + withoutPath(err)
	}
	text, found := strings.CutSuffix(string(data), "\n")
	if found {
		text = strings.TrimSuffix(text, "\r")
	}
	if text == "" {
		return "", "the file is empty"
	}
	return text, ""
}

// tooLargeError is how readBounded refuses a file.
type tooLargeError int64

func (e tooLargeError) Error() string { return fmt.Sprintf("larger than %d bytes", int64(e)) }

// readBounded reads a file of at most limit bytes; its errors are all *fs.PathError. It does not trust the
// size the file system reports: what is named may be a pipe or a device.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, &fs.PathError{Op: "read", Path: path, Err: tooLargeError(limit)}
	}
	return data, nil
}

// withoutPath is the cause of a file error alone; the path is said elsewhere in the message, or kept out of it.
func withoutPath(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
