// Package frames is the table of replies, hostile ones included, that the tests, fuzz targets and measurements of every package share, and
// a second decoder, slow and simple, that the real one is held against. It imports nothing of the library, so that nothing of the library
// can be wrong in both.
package frames

import "strings"

// A Frame is one row: the bytes of a reply, and what a decoder has to make of them.
type Frame struct {
	Name  string
	Bytes string

	// Behind Bytes comes Unit, so many Times, and then Tail: what is too large to be kept in a table.
	Unit  string
	Times int
	Tail  string

	Want Node   // when the bytes are one whole reply
	Err  string // when they are none: part of the SyntaxError's message
	At   int    // and its offset
	More bool   // the bytes are the beginning of a reply

	Stalls bool // what More promises is a lie, to make a decoder allocate for it

	// The limits under which all this holds; 0: the default ones.
	MaxFrame, MaxDepth, MaxElements int
}

// Text returns all bytes of the frame.
func (f Frame) Text() string { return f.Bytes + strings.Repeat(f.Unit, f.Times) + f.Tail }

// Len returns how many bytes the frame has.
func (f Frame) Len() int { return len(f.Bytes) + len(f.Unit)*f.Times + len(f.Tail) }

// Whole reports whether the frame is one whole reply.
func (f Frame) Whole() bool { return f.Err == "" && !f.More }

// Large reports whether the frame is one of those that All leaves out because of their size.
func (f Frame) Large() bool { return f.Times > 0 }

// ByDefault reports whether the default limits are meant.
func (f Frame) ByDefault() bool { return f.MaxFrame == 0 && f.MaxDepth == 0 && f.MaxElements == 0 }

// All returns every row that is small enough to be cut in every place.
func All() []Frame {
	var all []Frame
	for _, rows := range [][]Frame{valid, aggregates, streamed, debug, partial, malformed, lying, stalls, limits} {
		all = append(all, rows...)
	}
	return all
}

// Whole returns the rows that are whole replies.
func Whole() (rows []Frame) {
	for _, f := range All() {
		if f.Whole() {
			rows = append(rows, f)
		}
	}
	return rows
}

// Hostile returns what a server has no business to send, or should not have sent so much of, under the default limits; the rows included that All leaves out.
func Hostile() (rows []Frame) {
	for _, some := range [][]Frame{lying, stalls, deep, long, bulky, malformed, streamed, limits} {
		for _, f := range some {
			if f.ByDefault() && (f.Err != "" || f.Large() || f.Stalls) {
				rows = append(rows, f)
			}
		}
	}
	return rows
}

// Debug returns what DEBUG PROTOCOL answers in RESP3, by the name of its argument. What follows an attribute or a push is part of the bytes.
func Debug() map[string]Frame {
	byName := map[string]Frame{}
	for _, f := range debug {
		if name, ok := strings.CutPrefix(f.Name, debugPrefix); ok {
			byName[name] = f
		}
	}
	return byName
}

// Named returns the row of that name.
func Named(name string) Frame {
	for _, f := range All() {
		if f.Name == name {
			return f
		}
	}
	panic("frames: the table has no " + name)
}
