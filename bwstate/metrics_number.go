package bwstate

import (
	"math"
	"strconv"
	"strings"
)

// appendLuaNumber writes a number as Lua's tostring does, which is how nodes write metrics: with 14 digits (printf's %.14g).
func appendLuaNumber(dst []byte, f float64) []byte { return strconv.AppendFloat(dst, f, 'g', 14, 64) }

// exactNumber is that too, unless something would be lost.
func exactNumber(f float64) string {
	text := string(appendLuaNumber(nil, f))
	if back, err := strconv.ParseFloat(text, 64); err == nil && back == f {
		return text
	}
	return strconv.FormatFloat(f, 'g', 17, 64)
}

// maxNumber is more than any number takes, in bytes.
const maxNumber = 64

// parseMetric reads what a counter holds. It takes what Lua and Python both take for a number: no blanks, no sign in front but a minus, nothing infinite, no words.
func parseMetric(text string) (float64, bool) {
	f, ok := parseLuaNumber(text)
	return f, ok && !math.IsInf(f, 0)
}

// parseLuaNumber is how lua/metric_add.lua reads a number. It may be infinite.
func parseLuaNumber(text string) (float64, bool) {
	digits := strings.TrimPrefix(text, "-")
	if len(text) > maxNumber || digits == "" || digits[0] < '0' || digits[0] > '9' || strings.Trim(digits, "0123456789.eE+-") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil || math.IsInf(f, 0)
}
