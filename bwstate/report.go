package bwstate

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A Report is one request that was blocked, or would have been in detect mode, as nodes keep them for the UI. Texts are as nginx has them; an empty one is left out, and
// counts as [NoFacet].
type Report struct {
	ID           string    // 32 hexadecimal digits, see [NewReportID]; readers take two reports with one id for the same
	Date         time.Time // when the request began, to the millisecond
	IP           string    // as nginx has it: of a netip.Addr, Unmap and String
	Country      string    // ISO code, "local" or "unknown"
	Method       string
	URL          string // with its arguments
	Status       int    // of the answer, such as 403; 0: none
	UserAgent    string
	Reason       string // id of a plugin, reason of a ban, "modsecurity", "unknown"
	ServerName   string
	Data         json.RawMessage // what the reason says of it: a JSON object or array; Push puts {} for nil
	SecurityMode string          // "block" or "detect"
	Synced       bool            // false in what nodes write
}

// NewReportID returns an id that nothing else has.
func NewReportID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// maxReport bounds, in bytes, what one report may take in the list.
const maxReport = 256 << 10

// check refuses what readers could not show or count.
func (r *Report) check() error {
	switch {
	case !isReportID(r.ID):
		return &ArgumentError{Name: "ID", Problem: "is not 32 hexadecimal digits"}
	case r.Date.Unix() < 0 || r.Date.Unix() > maxDate || r.Date.UnixMilli() == 0:
		return &ArgumentError{Name: "Date", Problem: "is not between the years 1970 and 9999"}
	case r.Status < 0 || r.Status > 999:
		return &ArgumentError{Name: "Status", Problem: "is not the status of an answer: " + strconv.Itoa(r.Status)}
	case r.isTooLarge():
		return &ArgumentError{Name: "report", Problem: "is larger than 256 KiB"}
	case r.Data == nil:
		return nil
	}
	if !json.Valid(r.Data) || !isJSONContainer(r.Data) {
		return &ArgumentError{Name: "Data", Problem: "is neither a JSON object nor an array"}
	}
	if !utf8.Valid(r.Data) {
		return &ArgumentError{Name: "Data", Problem: "is not UTF-8"}
	}
	if problem := checkLua(r.Data); problem != "" {
		return &ArgumentError{Name: "Data", Problem: problem}
	}
	return nil
}

// isTooLarge writes the report only when it may be.
func (r *Report) isTooLarge() bool {
	texts := len(r.IP) + len(r.Country) + len(r.Method) + len(r.URL) + len(r.UserAgent) + len(r.Reason) + len(r.ServerName) + len(r.SecurityMode)
	const most, rest = 6, 512 // what a byte of a text may become; all that is not text
	return most*texts+len(r.Data)+rest > maxReport && len(r.encode(nil)) > maxReport
}

func isJSONContainer(value []byte) bool {
	_, object := items(value, '{')
	_, array := items(value, '[')
	return object || array
}

func isReportID(id string) bool {
	if len(id) != 32 {
		return false
	}
	for i := range len(id) {
		if c := id[i]; !isDigit(c) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// encode writes a report as an element of the list. What is not UTF-8 is replaced, as the UI could not show a page that has it.
func (r *Report) encode(dst []byte) []byte {
	dst = appendJSONString(append(dst, `{"id":`...), r.ID)
	dst = append(dst, `,"date":`...)
	dst = strconv.AppendFloat(dst, float64(r.Date.UnixMilli())/1000, 'f', -1, 64)
	for _, f := range [...]struct{ name, text string }{
		{"ip", r.IP},
		{"country", r.Country},
		{"method", r.Method},
		{"url", r.URL},
		{"reason", r.Reason},
		{"server_name", r.ServerName},
		{"security_mode", r.SecurityMode},
	} {
		if f.text != "" {
			dst = append(append(append(dst, `,"`...), f.name...), `":`...)
			dst = appendJSONString(dst, strings.ToValidUTF8(f.text, "\uFFFD"))
		}
	}
	if r.Status != 0 {
		dst = strconv.AppendInt(append(dst, `,"status":`...), int64(r.Status), 10)
	}
	dst = appendJSONString(append(dst, `,"user_agent":`...), strings.ToValidUTF8(r.UserAgent, "\uFFFD"))
	dst = append(dst, `,"data":`...)
	if r.Data == nil {
		dst = append(dst, "{}"...)
	} else {
		dst = append(dst, r.Data...)
	}
	dst = strconv.AppendBool(append(dst, `,"synced":`...), r.Synced)
	return append(dst, '}')
}

// A StoredReport is an element of the list.
type StoredReport struct {
	Report
	Element string // as it is stored
	// Foreign says that the element is no JSON object. Facets leave it out, and so do readers, though they count it in their totals.
	Foreign bool
	// Problem is a [*ValueError] when the element is foreign, or when a field is missing or of another type than nodes write; the Report has what could be read.
	Problem error
}

// decodeReport reads an element, whatever it is. The memory of element is its own afterwards.
func decodeReport(element string) StoredReport {
	s := StoredReport{Element: element}
	odd, seen := "", 0
	ok := luaObject([]byte(element), func(name []byte, v luaValue) {
		if field := string(name); !s.set(field, v, &seen) && odd == "" {
			odd = "has another kind of value in " + field + " than nodes write"
		}
	})
	switch {
	case !ok:
		s = StoredReport{Element: element, Foreign: true, Problem: &ValueError{What: "report", Problem: "is no JSON object"}}
	case odd != "":
		s.Problem = &ValueError{What: "report", Problem: odd}
	case seen&hasID == 0 || seen&hasDate == 0:
		s.Problem = &ValueError{What: "report", Problem: "has no id or no date"}
	}
	return s
}

const (
	hasID = 1 << iota
	hasDate
)

// set takes one field, and reports whether it is as nodes write it.
func (r *Report) set(name string, v luaValue, seen *int) bool {
	switch name {
	case "id":
		*seen |= hasID
		return setReportText(&r.ID, v)
	case "date":
		*seen |= hasDate
		return r.setDate(v)
	case "ip":
		return setReportText(&r.IP, v)
	case "country":
		return setReportText(&r.Country, v)
	case "method":
		return setReportText(&r.Method, v)
	case "url":
		return setReportText(&r.URL, v)
	case "user_agent":
		return setReportText(&r.UserAgent, v)
	case "reason":
		return setReportText(&r.Reason, v)
	case "server_name":
		return setReportText(&r.ServerName, v)
	case "security_mode":
		return setReportText(&r.SecurityMode, v)
	case "status":
		return r.setStatus(v)
	case "data":
		r.Data = nil
		if v.kind == isTable && json.Valid(v.raw) {
			r.Data = json.RawMessage(string(v.raw))
		}
		return r.Data != nil
	case "synced":
		r.Synced = v.kind == isBool && v.yes
		return v.kind == isBool
	}
	return true // a field of a later release
}

// setReportText takes what is a text, and writes what is a number or true or false as facets have it.
func setReportText(into *string, v luaValue) bool {
	switch v.kind {
	case isString:
		*into = string(v.text)
	case isNumber, isBool:
		*into = string(appendFacet(nil, v))
	default:
		*into = ""
	}
	return v.kind == isString
}

// float is what Python's float makes of a value.
func (v luaValue) float() (float64, bool) {
	switch v.kind {
	case isNumber:
		return v.number, true
	case isString:
		f, err := strconv.ParseFloat(strings.TrimSpace(string(v.text)), 64)
		return f, err == nil
	}
	return 0, false
}

func (r *Report) setDate(v luaValue) bool {
	r.Date = time.Time{}
	f, ok := v.float()
	if !ok || !(f > 0 && f <= maxDate) {
		return false
	}
	r.Date = time.UnixMilli(int64(math.Round(f * 1000)))
	return v.kind == isNumber
}

func (r *Report) setStatus(v luaValue) bool {
	r.Status = 0
	f, ok := v.float()
	if !ok || !(f >= 0 && f <= 999) || f != math.Trunc(f) {
		return false
	}
	r.Status = int(f)
	return v.kind == isNumber
}
