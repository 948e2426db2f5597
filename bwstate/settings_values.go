package bwstate

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

func parseYesNo(text string) (value bool, problem string) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "yes":
		return true, ""
	case "no":
		return false, ""
	}
	return false, "must be yes or no"
}

func parseNumber(text string, low, high int) (n int, problem string) {
	if !onlyDigits(text) {
		return 0, fmt.Sprintf("must be a whole number from %d to %d, in digits only", low, high)
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < int64(low) || v > int64(high) {
		return 0, fmt.Sprintf("out of range: must be from %d to %d", low, high)
	}
	return int(v), ""
}

// parseDuration reads a bare number in the given unit, or a number with its own unit as time.ParseDuration
// takes it.
func parseDuration(text string, unit Unit, longest time.Duration) (d time.Duration, problem string) {
	tooLong := "too long: the longest allowed is " + longest.String()
	if !onlyDigits(text) {
		d, err := time.ParseDuration(text)
		switch {
		case err != nil:
			return 0, "must be a whole number of " + unit.String() + ", or a number with a unit such as 1500ms, 5s or 2m"
		case d < minDuration:
			return 0, "too short: must be at least " + minDuration.String()
		case d > longest:
			return 0, tooLong
		}
		return d, ""
	}
	n, err := strconv.ParseInt(text, 10, 64)
	// Comparing counts instead of durations keeps the multiplication from overflowing.
	if err != nil || n > int64(longest/unit.duration()) {
		return 0, tooLong
	}
	if n == 0 {
		return 0, "too short: must be more than zero"
	}
	return time.Duration(n) * unit.duration(), ""
}

// durationRule is what a duration setting accepts, and which bare numbers were probably written in the other
// unit. Documentation of different ages gives the same settings in seconds and in milliseconds, so the number
// is the only clue.
type durationRule struct {
	longest           time.Duration
	looksMilliseconds int64 // read as seconds, this or more looks like milliseconds
	looksSeconds      int64 // read as milliseconds, less than this looks like seconds
}

// The longest are there to catch a wrong unit, not to forbid a use.
var (
	timeoutRule = durationRule{longest: 24 * time.Hour, looksMilliseconds: 100, looksSeconds: 50}
	// A connection kept for less than a second is hardly kept, and 60 and 300 are documented in seconds.
	idleRule = durationRule{longest: 365 * 24 * time.Hour, looksMilliseconds: 5000, looksSeconds: 1000}
)

// hint says so when text, a bare number in the given unit, looks like the other one and would fit as such.
func (r durationRule) hint(text string, unit Unit) string {
	n, err := strconv.ParseInt(text, 10, 64)
	if !onlyDigits(text) || err != nil {
		return ""
	}
	switch {
	case unit == Seconds && n >= r.looksMilliseconds && n <= int64(r.longest/time.Millisecond):
		return "looks like milliseconds, as newer BunkerWeb releases write; set BWREDIS_TIME_UNIT=milliseconds or write " +
			text + "ms"
	case unit == Milliseconds && n > 0 && n < r.looksSeconds:
		return "looks like seconds, as older documentation has it; set BWREDIS_TIME_UNIT=seconds or write " + text + "s"
	}
	return ""
}

func onlyDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// checkToken is for user and master names: both are single words to Redis, so white space is a slip.
func checkToken(text string) string {
	if strings.ContainsFunc(text, spaceOrControl) {
		return "must not hold white space or control characters"
	}
	return ""
}

func checkPath(text string) string {
	if strings.ContainsRune(text, 0) {
		return "must not hold a zero byte"
	}
	return ""
}

func spaceOrControl(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError
}

// shownPath is what may be shown of a NAME_FILE value: a mistaken user puts the password itself there, and
// what mounts secrets gives absolute paths.
func shownPath(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return ""
}
