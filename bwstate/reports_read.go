package bwstate

import (
	"context"
	"iter"
)

// A ReportQuery says which reports are wanted, and in which order. The zero value is all of them, the newest first.
type ReportQuery struct {
	Oldest bool // the oldest first
	// Where, unless nil, says whether a report is wanted; see [FieldIs]. It must not keep the report.
	Where func(*StoredReport) bool
	// Foreign also gives elements that are no JSON objects.
	Foreign bool
	// Duplicates also gives reports whose id there was before. Otherwise they are left out, as the UI does, as far as 16384 different ids remember it.
	Duplicates bool
	PageSize   int // elements that are read at a time, up to 10000; 0: 500
}

// FieldIs is for [ReportQuery.Where]: reports that are counted under one of these values of a field.
func FieldIs(field ReportField, values ...string) func(*StoredReport) bool {
	return func(s *StoredReport) bool {
		value := s.Facet(field)
		for _, wanted := range values {
			if value == wanted {
				return true
			}
		}
		return false
	}
}

// AllOf is for [ReportQuery.Where]: reports of which all of these say yes.
func AllOf(all ...func(*StoredReport) bool) func(*StoredReport) bool {
	return func(s *StoredReport) bool {
		for _, where := range all {
			if !where(s) {
				return false
			}
		}
		return true
	}
}

const (
	defaultReportPage = 500
	maxReportPage     = 10_000
)

// A ReportPage is a part of the list.
type ReportPage struct {
	Reports []StoredReport // without foreign elements, so it may have fewer than were asked for
	Total   int64          // elements of the list, foreign ones included, as the UI shows it
}

// Page returns up to count reports behind the first so many, in one round trip: of the newest, or of the oldest first.
func (r *Reports) Page(ctx context.Context, first, count int64, oldest bool) (ReportPage, error) {
	switch {
	case first < 0 || first > 1<<40:
		return ReportPage{}, &ArgumentError{Name: "first", Problem: "is negative, or no place in a list"}
	case count < 1 || count > maxReportPage:
		return ReportPage{}, &ArgumentError{Name: "count", Problem: "is not between 1 and 10000"}
	}
	op := reportsRange{from: first, to: first + count - 1}
	if !oldest {
		op.from, op.to = -first-count, -first-1
	}
	if err := op.run(ctx, r.state); err != nil {
		return ReportPage{}, err
	}
	if !oldest {
		reverse(op.elements)
	}
	page := ReportPage{Total: op.total, Reports: make([]StoredReport, 0, len(op.elements))}
	for _, element := range op.elements {
		if s := decodeReport(element); !s.Foreign {
			page.Reports = append(page.Reports, s)
		}
	}
	return page, nil
}

func reverse(elements []string) {
	for i, j := 0, len(elements)-1; i < j; i, j = i+1, j-1 {
		elements[i], elements[j] = elements[j], elements[i]
	}
}

// All goes through the list, page by page, in memory that does not grow with it. It ends after an error, and when it has seen as many elements as the list had when it
// began, so those that push all the while cannot keep it. What is trimmed before it gets there is not seen; everything else is that was there at the beginning.
func (r *Reports) All(ctx context.Context, query ReportQuery) iter.Seq2[StoredReport, error] {
	return func(yield func(StoredReport, error) bool) {
		size := int64(query.PageSize)
		if size == 0 {
			size = defaultReportPage
		}
		if size < 1 || size > maxReportPage {
			yield(StoredReport{}, &ArgumentError{Name: "PageSize", Problem: "is not between 1 and 10000"})
			return
		}
		w := reportWalk{state: r.state, query: query, size: size, yield: yield}
		walk := w.newest
		if query.Oldest {
			walk = w.oldest
		}
		if err := walk(ctx); err != nil {
			yield(StoredReport{}, err)
		}
	}
}

// Count returns how many reports All would give.
func (r *Reports) Count(ctx context.Context, query ReportQuery) (n int64, err error) {
	for _, err := range r.All(ctx, query) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}
