package bwstate

import (
	"context"
	"slices"
	"strings"
)

// A reportWalk goes through the list, page by page. Trimming moves elements to lower places, so behind each page it finds out where the last element is now that it has
// seen, or the one before that, should somebody have taken the last one out of the middle.
type reportWalk struct {
	state *State
	query ReportQuery
	size  int64
	yield func(StoredReport, error) bool
	op    reportsRange
	seen  recentIDs

	last, before string // the elements that were read last
}

func (w *reportWalk) read(ctx context.Context, from, to int64) error {
	w.op.from, w.op.to = from, to
	return w.op.run(ctx, w.state)
}

// page notes what has been read, which is in the order of reading.
func (w *reportWalk) page(elements []string) {
	for _, e := range elements[max(0, len(elements)-2):] {
		w.before, w.last = w.last, e
	}
}

func (w *reportWalk) isLast(element string) bool { return element == w.last || element == w.before }

// newest goes from the end to the beginning.
func (w *reportWalk) newest(ctx context.Context) error {
	if err := w.read(ctx, -w.size, -1); err != nil {
		return err
	}
	at := w.op.total - int64(len(w.op.elements)) // place of the last that was read; as the length was asked for behind the page, it is never too low
	for {
		reverse(w.op.elements)
		w.page(w.op.elements)
		if !w.give(w.op.elements) || at <= 0 {
			return nil
		}
		var err error
		if at, err = w.precede(ctx, at); err != nil {
			return err
		}
	}
}

// precede reads the page in front of the last element, which is at this place or below. It returns the place where the page begins. When the element has gone, so has all that
// was in front of it.
func (w *reportWalk) precede(ctx context.Context, at int64) (int64, error) {
	for {
		from := max(0, at-w.size)
		if err := w.read(ctx, from, at); err != nil {
			return 0, err
		}
		i := len(w.op.elements) - 1
		for i >= 0 && !w.isLast(w.op.elements[i]) {
			i--
		}
		if i > 0 && w.isLast(w.op.elements[i-1]) {
			i--
		}
		if i >= 0 || from == 0 {
			w.op.elements = w.op.elements[:max(0, i)]
			return from, nil
		}
		at = min(from, w.op.total)
	}
}

// oldest goes from the beginning to the end.
func (w *reportWalk) oldest(ctx context.Context) error {
	w.op.lengthBefore = true // what is trimmed behind the question was there at the beginning
	if err := w.read(ctx, 0, w.size-1); err != nil {
		return err
	}
	left, at := w.op.total, int64(0) // elements to see, place of the first that was read
	for {
		n := int64(len(w.op.elements))
		if n == 0 {
			return nil
		}
		w.page(w.op.elements)
		if n > left {
			w.op.elements = w.op.elements[:left]
		}
		if left -= n; !w.give(w.op.elements) || left <= 0 {
			return nil
		}
		var err error
		if at, err = w.follow(ctx, at+n); err != nil {
			return err
		}
	}
}

// follow reads the page behind the last element, which was at the place below at. It returns the place where the page begins. When the element has gone, the list
// begins with what has not been read.
func (w *reportWalk) follow(ctx context.Context, at int64) (int64, error) {
	for at > 0 {
		if err := w.read(ctx, at-1, at+w.size-1); err != nil {
			return 0, err
		}
		if len(w.op.elements) > 0 && w.isLast(w.op.elements[0]) {
			w.op.elements = slices.Delete(w.op.elements, 0, 1)
			return at, nil
		}
		var err error
		if at, err = w.find(ctx, min(at-1, w.op.total)); err != nil {
			return 0, err
		}
	}
	return 0, w.read(ctx, 0, w.size-1)
}

// find looks for the last element below a place, and returns the place behind it; 0 when it has gone.
func (w *reportWalk) find(ctx context.Context, below int64) (int64, error) {
	for below > 0 {
		if err := w.read(ctx, max(0, below-w.size), below-1); err != nil {
			return 0, err
		}
		for i, e := range slices.Backward(w.op.elements) {
			if w.isLast(e) {
				return w.op.from + int64(i) + 1, nil
			}
		}
		below = min(w.op.from, w.op.total)
	}
	return 0, nil
}

// give hands elements on, and reports whether more are wanted.
func (w *reportWalk) give(elements []string) bool {
	for _, element := range elements {
		s := decodeReport(element)
		if s.Foreign && !w.query.Foreign || w.query.Where != nil && !w.query.Where(&s) {
			continue
		}
		if !w.query.Duplicates && !s.Foreign && s.ID != "" && !w.seen.add(s.ID) {
			continue
		}
		s.Element = strings.Clone(s.Element) // keeps no page
		if !w.yield(s, nil) {
			return false
		}
	}
	return true
}
