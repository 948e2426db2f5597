package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

const (
	maxText  = 40 // bytes of a string that are shown
	maxElems = 3  // of an array
	maxLevel = 3  // of arrays in arrays
)

// describe shows a value without being at the mercy of its size: of what is long or deep only the beginning.
func describe(v any, level int) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case resp.Value:
		return describeOurs(v, level)
	case []byte:
		if v == nil {
			return "nil"
		}
		return strconv.Quote(shorten(string(v[:min(len(v), maxText+1)]), maxText))
	case string:
		return strconv.Quote(shorten(v, maxText))
	case error:
		return "error " + strconv.Quote(shorten(v.Error(), maxText))
	}
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Slice:
		return list(rv.Len(), level, func(i int) any { return rv.Index(i).Interface() })
	case reflect.Map:
		return "map of " + strconv.Itoa(rv.Len())
	default:
		return shorten(fmt.Sprint(v), maxText)
	}
}

func describeOurs(v resp.Value, level int) string {
	switch v.Kind() {
	case resp.Null:
		return "nil"
	case resp.Array, resp.Set, resp.Push, resp.Map:
		if v.Len() > maxElems {
			return list(v.Len(), level, nil)
		}
		elems := v.Elems()
		return list(len(elems), level, func(i int) any { return elems[i] })
	default:
		text, err := v.Text()
		if err != nil {
			return shorten(v.String(), maxText)
		}
		if v.Kind() == resp.Integer || v.Kind() == resp.Double {
			return text
		}
		return strconv.Quote(shorten(text, maxText))
	}
}

func list(n, level int, elem func(i int) any) string {
	if n > maxElems || level >= maxLevel {
		return "array of " + strconv.Itoa(n)
	}
	parts := make([]string, n)
	for i := range parts {
		parts[i] = describe(elem(i), level+1)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
