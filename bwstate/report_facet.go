package bwstate

// A ReportField is a field of reports by whose values they are counted.
type ReportField string

// The fields, as BunkerWeb names them.
const (
	FieldIP           ReportField = "ip"
	FieldCountry      ReportField = "country"
	FieldMethod       ReportField = "method"
	FieldURL          ReportField = "url"
	FieldStatus       ReportField = "status"
	FieldReason       ReportField = "reason"
	FieldServerName   ReportField = "server_name"
	FieldSecurityMode ReportField = "security_mode"
)

// NoFacet is what reports are counted under that lack a field.
const NoFacet = "N/A"

// reportFields are all there are, in the order in which scripts have them.
var reportFields = [...]ReportField{
	FieldIP, FieldCountry, FieldMethod, FieldURL, FieldStatus, FieldReason, FieldServerName, FieldSecurityMode,
}

// ReportFields returns all fields.
func ReportFields() []ReportField { return append([]ReportField(nil), reportFields[:]...) }

func (f ReportField) check() error {
	for _, known := range reportFields {
		if f == known {
			return nil
		}
	}
	return &ArgumentError{Name: "field", Problem: "is none that reports are counted by: " + quoteShort(string(f))}
}

// Facet returns the value that the element is counted under, and "" when it is foreign.
func (s *StoredReport) Facet(field ReportField) string {
	if texts, ok := facetsOf([]byte(s.Element)); ok {
		for i, f := range reportFields {
			if f == field {
				return texts[i]
			}
		}
	}
	return ""
}

// facetsOf returns what an element is counted under, and false when it is no JSON object. It is the twin of tally in lua/reports.lua.
func facetsOf(element []byte) (texts [len(reportFields)]string, ok bool) {
	for i := range texts {
		texts[i] = NoFacet
	}
	ok = luaObject(element, func(name []byte, v luaValue) {
		for i, f := range reportFields {
			if string(name) == string(f) {
				texts[i] = string(appendFacet(nil, v))
			}
		}
	})
	return texts, ok
}

// appendFacet writes a value as nodes count it. They count an object or an array by its address in memory, which nobody can find again: that is none here.
func appendFacet(dst []byte, v luaValue) []byte {
	switch {
	case v.kind == isNumber:
		return appendG14(dst, v.number)
	case v.kind == isBool && v.yes:
		return append(dst, "true"...)
	case v.kind == isBool:
		return append(dst, "false"...)
	case v.kind == isString && len(v.text) > 0:
		return append(dst, v.text...)
	}
	return append(dst, NoFacet...)
}

// A FacetCount is how many reports have a value.
type FacetCount struct {
	Value string
	Count int64
}
