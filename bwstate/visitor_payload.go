package bwstate

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"io"
	"sync"
)

// compressionThreshold is how long data may be, in bytes, before it is deflated.
const compressionThreshold = 1024

// Limits of what is read and written. Nodes store a few hundred bytes.
const (
	maxVisitorData  = 1 << 20                  // JSON, inflated
	maxVisitorText  = (maxVisitorData*4)/3 + 4 // of that in base64url
	maxVisitorValue = maxVisitorText + 64<<10  // what the server has, a second string and white space included
)

// pack deflates data when that makes it shorter, with room for a tag behind it.
func pack(data []byte) (packed []byte, deflated bool) {
	if len(data) <= compressionThreshold {
		return data, false
	}
	var out bytes.Buffer
	out.Grow(len(data) / 2)
	w, _ := deflaters.Get().(*flate.Writer)
	w.Reset(&out)
	_, _ = w.Write(data) // a bytes.Buffer takes everything
	_ = w.Close()
	deflaters.Put(w)
	if out.Len() >= len(data) {
		return data, false
	}
	return out.Bytes(), true
}

var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // an error is about another level
	return w
}}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// inflate undoes pack. It never makes more of packed than a session may have, whatever packed says.
func inflate(packed []byte) ([]byte, error) {
	r, _ := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	_ = r.(flate.Resetter).Reset(bytes.NewReader(packed), nil)
	var out bytes.Buffer
	out.Grow(min(4*len(packed), maxVisitorData))
	n, err := out.ReadFrom(io.LimitReader(r, maxVisitorData+1))
	switch {
	case n > maxVisitorData:
		return nil, refused(DataTooLarge)
	case err != nil:
		return nil, &VisitorError{Reason: DataNotDeflated, Err: err}
	}
	return out.Bytes(), nil
}

// decodeText makes ciphertext of base64url, with room for a tag behind it.
func decodeText(text []byte) (ciphertext []byte, ok bool) {
	if bytes.ContainsAny(text, "\r\n") { // which the decoder would skip
		return nil, false
	}
	dst := make([]byte, base64.RawURLEncoding.DecodedLen(len(text)), base64.RawURLEncoding.DecodedLen(len(text))+tagSize)
	_, err := base64.RawURLEncoding.Decode(dst, text)
	return dst, err == nil
}

// splitValue takes the text of the ciphertext out of what the server has, and the second string, which other users of the library store beside it.
func splitValue(value []byte) (text, info []byte, err error) {
	if !json.Valid(value) {
		return nil, nil, refused(ValueNotJSON)
	}
	list, ok := items(value, '[')
	if !ok {
		return nil, nil, refused(valueProblem(value))
	}
	text, ok = list.next()
	if !ok {
		return nil, nil, refused(ValueNotJSON)
	}
	text, err = stringItem(text)
	if err != nil {
		return nil, nil, err
	}
	second, more := list.next()
	if !more {
		return text, nil, nil
	}
	info, err = stringItem(second)
	if err != nil {
		return nil, nil, err
	}
	if _, ok := decodeText(info); !ok {
		return nil, nil, refused(ValueNotBase64)
	}
	if _, more := list.next(); more {
		return nil, nil, refused(ValueNotJSON)
	}
	return text, info, nil
}

func valueProblem(value []byte) Reason {
	if string(bytes.Trim(value, " \t\r\n")) == "null" {
		return ValueNull
	}
	return ValueNotJSON
}

func stringItem(item []byte) ([]byte, error) {
	text, ok := jsonText(item)
	if !ok {
		return nil, refused(valueProblem(item))
	}
	return []byte(text), nil
}
