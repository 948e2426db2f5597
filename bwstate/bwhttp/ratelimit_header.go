package bwhttp

import (
	"net/http"
	"strconv"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

// addRateLimit adds to the two headers of draft-ietf-httpapi-ratelimit-headers-10, which are lists of structured fields (RFC 9651), what is known of each limit. A client
// that is told t=n finds more than now after n seconds.
func addRateLimit(h http.Header, limits []bwstate.Limit, results []bwstate.LimitResult) {
	var policy, left []byte
	for i := range results {
		r := &results[i]
		if r.Window == 0 { // it was not checked
			continue
		}
		policy, left = appendName(policy, limits[i]), appendName(left, limits[i])
		policy = appendParameter(policy, ";q=", r.Limit)
		policy = appendParameter(policy, ";w=", max(1, wholeSeconds(r.Window)))
		left = appendParameter(left, ";r=", r.Remaining)
		left = appendParameter(left, ";t=", wholeSeconds(r.MoreAfter))
	}
	if policy != nil {
		h.Add("RateLimit-Policy", string(policy)) // what is there is of a limit around this one
		h.Add("RateLimit", string(left))
	}
}

// appendName appends the name of a limit, a string of which no character has to be escaped.
func appendName(dst []byte, limit bwstate.Limit) []byte {
	if len(dst) > 0 {
		dst = append(dst, ", "...)
	}
	name := "path"
	switch limit := limit.(type) {
	case bwstate.Quota:
		name = limit.Name
	case bwstate.ServiceLimit:
		name = "service"
	}
	return append(append(append(dst, '"'), name...), '"')
}

// maxFieldInteger is the largest integer of a structured field.
const maxFieldInteger = 999_999_999_999_999

func appendParameter(dst []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(dst, name...), min(n, maxFieldInteger), 10)
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}
