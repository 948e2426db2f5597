package bwstate

import (
	"bytes"
	"encoding/json"
)

// An audience is one part of a session: the data of those who share a name.
type audience struct {
	fields  []field
	name    []byte // as JSON
	subject []byte // as JSON; nil: none
}

// A field is a value with its name. The value is JSON as it came, or as it was set; what nobody changes is saved as it was.
type field struct {
	name  string
	value json.RawMessage
}

func (a *audience) find(name string) int {
	for i := range a.fields {
		if a.fields[i].name == name {
			return i
		}
	}
	return -1
}

func (a *audience) set(name string, value json.RawMessage) {
	if i := a.find(name); i >= 0 {
		a.fields[i].value = value
		return
	}
	a.fields = append(a.fields, field{name, value})
}

// parseAudiences reads the data of a session, which it keeps.
func parseAudiences(data []byte, stored bool) ([]audience, error) {
	if !json.Valid(data) {
		return nil, refused(DataNotJSON)
	}
	list, ok := items(data, '[')
	if !ok {
		return nil, refused(DataMalformed)
	}
	audiences := make([]audience, 0, 1)
	for {
		item, more := list.next()
		if !more {
			return audiences, nil
		}
		a, ok := parseAudience(item, stored)
		if !ok {
			return nil, refused(DataMalformed)
		}
		audiences = append(audiences, a)
	}
}

// maxNames is how many values a session may have: each is looked for among all.
const maxNames = 4096

// parseAudience reads [data, name] or [data, name, subject]. Lua writes data that holds nothing as {}, and reads [] as the same.
func parseAudience(item []byte, stored bool) (a audience, ok bool) {
	parts, ok := items(item, '[')
	if !ok {
		return a, false
	}
	data, _ := parts.next()
	a.name, ok = parts.next()
	if !ok || a.name[0] != '"' || hasHalfPair(a.name) {
		return a, false
	}
	if subject, some := parts.next(); some {
		if _, more := parts.next(); more {
			return a, false
		}
		a.subject = subject
	}
	if isEmpty(data, '[') {
		return a, true
	}
	fields, ok := items(data, '{')
	if !ok {
		return a, false
	}
	a.fields = make([]field, 0, 4)
	for {
		quoted, more := fields.next()
		if !more {
			return a, true
		}
		value, _ := fields.next()
		if hasHalfPair(quoted) {
			return a, false
		}
		name, _ := jsonText(quoted)
		if a.set(fieldName(name, stored), value); len(a.fields) > maxNames {
			return a, false
		}
	}
}

// appendAudiences writes the data of a session as nodes do.
func appendAudiences(dst []byte, audiences []audience, stored bool) []byte {
	dst = append(dst, '[')
	for i := range audiences {
		a := &audiences[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '[', '{')
		for j, f := range a.fields {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendJSONString(dst, storedName(f.name, stored)), ':')
			dst = append(dst, f.value...)
		}
		dst = append(append(dst, '}', ','), a.name...)
		if a.subject != nil {
			dst = append(append(dst, ','), a.subject...)
		}
		dst = append(dst, ']')
	}
	return append(dst, ']')
}

// storedName is a field's name as it is written. In cookies, names that begin with "@" have a "$" before it.
func storedName(name string, stored bool) string {
	if !stored && len(name) > 0 && name[0] == '@' {
		return "$" + name
	}
	return name
}

func fieldName(name string, stored bool) string {
	if !stored && len(name) > 1 && name[0] == '$' && name[1] == '@' {
		return name[1:]
	}
	return name
}

// isEmpty reports whether value is [] or {}, which are the same to Lua.
func isEmpty(value []byte, open byte) bool {
	value = bytes.Trim(value, " \t\r\n")
	return len(value) >= 2 && value[0] == open && len(bytes.Trim(value[1:len(value)-1], " \t\r\n")) == 0
}

// index finds an audience; without one there it returns -1.
func index(audiences []audience, name string) int {
	for i := range audiences {
		if text, _ := jsonText(audiences[i].name); text == name {
			return i
		}
	}
	return -1
}
