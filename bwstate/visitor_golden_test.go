package bwstate

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The header, field for field, and back.
func TestVisitorGoldenHeaders(t *testing.T) {
	g := readVisitorGolden(t)
	for _, v := range g.recorded() {
		t.Run(v.Name, func(t *testing.T) {
			var h header
			require.NoError(t, h.parse(v.Cookie))
			require.Equal(t, v.Decoded.Header, hex.EncodeToString(h[:]))
			require.Equal(t, v.Decoded.Flags, h.flags())
			require.Equal(t, v.Decoded.IDText, h.id().Text())
			require.Equal(t, v.Decoded.Creation, h.creation())
			require.Equal(t, v.Decoded.Rolling, h.rolling())
			require.Equal(t, v.Decoded.Size, h.size())
			require.Equal(t, v.Decoded.Idling, h.idling())
			require.Equal(t, v.Decoded.Tag, hex.EncodeToString(h[tagAt:idlingAt]))
			require.Equal(t, v.Decoded.MAC, hex.EncodeToString(h[macAt:]))
			require.Equal(t, v.Decoded.Derived.AAD, hex.EncodeToString(h[:tagAt]))
			require.Equal(t, v.Cookie[:headerTextSize], string(h.appendText(nil)))
		})
	}
}

func TestVisitorGoldenKeys(t *testing.T) {
	g := readVisitorGolden(t)
	keys, err := newVisitorKeys(g.Meta.Secret, false)
	require.NoError(t, err)
	for _, v := range g.recorded() {
		t.Run(v.Name, func(t *testing.T) {
			require.Equal(t, v.Decoded.Derived.IKM, hex.EncodeToString(keys.ikm[:]))
			var forData [aesKeySize + ivSize]byte
			_ = keys.derive(forData[:], forEncryption, unhex(t, v.Decoded.ID))
			require.Equal(t, v.Decoded.Derived.AES+v.Decoded.Derived.IV, hex.EncodeToString(forData[:]))
			var forMAC [macKeySize]byte
			_ = keys.derive(forMAC[:], forAuthentication, unhex(t, v.Decoded.ID))
			require.Equal(t, v.Decoded.Derived.MACKey, hex.EncodeToString(forMAC[:]))
		})
	}
}

// From the same id, times and plaintext come the same cookie and the same value, to the byte.
func TestVisitorGoldenSeal(t *testing.T) {
	g := readVisitorGolden(t)
	r := newVisitorRig(t, VisitorSettings{})
	for _, v := range g.recorded() {
		if v.Decoded.Flags&^knownFlags != 0 {
			continue // bound to an address, which BunkerWeb is not configured to do
		}
		t.Run(v.Name, func(t *testing.T) {
			var out sealed
			out.header[0] = headerType
			copy(out.header[idAt:], unhex(t, v.Decoded.ID))
			out.header.setCreation(v.Decoded.Creation)
			out.header.setRolling(v.Decoded.Rolling)
			out.header.setIdling(v.Decoded.Idling)
			d := v.Decoded
			require.NoError(t, r.sessions.sealData(&out, d.packed(t), d.Flags&flagStored != 0, d.Flags&flagDeflated != 0))
			require.Equal(t, d.Header, hex.EncodeToString(out.header[:]))
			if record, ok := records(t, v.After)[v.Key]; ok {
				require.Equal(t, record.Value, `["`+string(out.text)+`"]`)
			}
			if d.Flags&flagStored == 0 {
				require.Equal(t, v.Cookie, string(out.header.appendText(nil))+string(out.text))
			}
		})
	}
}

// What nodes write is deflated when theirs is, and read and written again it is the same.
func TestVisitorGoldenData(t *testing.T) {
	g := readVisitorGolden(t)
	for _, v := range g.recorded() {
		t.Run(v.Name, func(t *testing.T) {
			stored := v.Decoded.Flags&flagStored != 0
			if v.Decoded.JSON == "" { // of bytes that are no UTF-8
				v.Decoded.JSON = string(v.Decoded.packed(t))
			}
			audiences, err := parseAudiences([]byte(v.Decoded.JSON), stored)
			require.NoError(t, err)
			require.Equal(t, v.Decoded.JSON, string(appendAudiences(nil, audiences, stored)))
			packed, deflated := pack([]byte(v.Decoded.JSON))
			require.Equal(t, v.Decoded.Flags&flagDeflated != 0, deflated)
			if deflated {
				data, err := inflate(v.Decoded.packed(t))
				require.NoError(t, err)
				require.Equal(t, v.Decoded.JSON, string(data))
				data, err = inflate(packed)
				require.NoError(t, err)
				require.Equal(t, v.Decoded.JSON, string(data))
			}
		})
	}
}

// The requests that nodes answered: the same cookies, the same keys, the same data, the same times to live.
func TestVisitorGoldenVectors(t *testing.T) {
	g := readVisitorGolden(t)
	for _, v := range g.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			r := newVisitorRig(t, VisitorSettings{})
			r.now = v.Now
			r.store(records(t, v.Before))
			r.nextID(v.Decoded.ID)
			s := r.answer(v)
			r.requireCookies(v, s)
			r.requireStored(v, s)
		})
	}
}

// answer does what the node did.
func (r *visitorRig) answer(v goldenVisitor) *VisitorSession {
	ctx, visitor := r.Context(), Visitor{v.Request.IP, v.Request.UserAgent}
	var made [][]json.RawMessage
	require.NoError(r, json.Unmarshal([]byte(v.Decoded.JSON), &made))
	var data map[string]json.RawMessage
	require.NoError(r, json.Unmarshal(made[0][0], &data))
	if visitor.UserAgent != "" { // of one the record of the request has no UTF-8
		var metadata map[string]string
		require.NoError(r, json.Unmarshal(data["metadata"], &metadata))
		visitor.UserAgent = metadata["USER_AGENT"]
	}
	s, err := r.open(v.Request.Cookie)
	if err == nil {
		if err := s.Check(visitor); err != nil {
			require.Equal(r, "ua-mismatch", v.Name)
			require.Equal(r, OtherUserAgent, reason(r, err))
			require.NoError(r, s.Destroy(ctx))
			s = nil
		}
	}
	if s == nil {
		s, err = r.sessions.New(visitor)
		require.NoError(r, err)
	}
	if v.Request.Cookie == "" || !strings.HasPrefix(v.Name, "touch") && !strings.HasPrefix(v.Name, "refresh") {
		require.NoError(r, s.Set("antibot", data["antibot"]))
	}
	require.NoError(r, s.Commit(ctx))
	return s
}

// requireCookies compares the Set-Cookie lines. What depends on the order in which Lua wrote the fields, which is never the same, is left out.
func (r *visitorRig) requireCookies(v goldenVisitor, s *VisitorSession) {
	require.Len(r, s.SetCookies(), len(v.Response.SetCookie))
	for i, want := range v.Response.SetCookie {
		got := s.SetCookies()[i]
		if strings.HasPrefix(v.Name, "touch") {
			require.Equal(r, want, got)
			continue
		}
		require.Equal(r, want[len("bwgolden=")+headerTextSize:], got[len("bwgolden=")+headerTextSize:])
		var h header
		require.NoError(r, h.parse(got[len("bwgolden="):][:headerTextSize]))
		wanted := unhex(r, v.Decoded.Header)
		size := sizeAt
		if v.Decoded.Flags&flagDeflated == 0 {
			size = tagAt
		}
		require.Equal(r, hex.EncodeToString(wanted[:size]), hex.EncodeToString(h[:size]))
		require.Equal(r, v.Decoded.Idling, h.idling())
		require.True(r, r.sessions.keys.authentic(&h))
	}
}

// requireStored compares what the store has.
func (r *visitorRig) requireStored(v goldenVisitor, s *VisitorSession) {
	for key, want := range records(r, v.After) {
		require.Equal(r, strconv.FormatInt(want.TTL, 10), r.do("TTL", key), key)
	}
	require.Equal(r, strconv.Itoa(len(records(r, v.After))), r.do("DBSIZE"))
	again, err := r.open(strings.TrimPrefix(strings.Split(s.SetCookies()[0], ";")[0], "bwgolden="))
	require.NoError(r, err)
	require.JSONEq(r, v.Decoded.JSON, string(appendAudiences(nil, again.audiences, true)))
}

// The outcome of opening what is expired, altered, or exactly at a limit.
func TestVisitorGoldenFailures(t *testing.T) {
	reasons := map[string]Reason{
		"no-cookie": NoCookie, "short-header": CookieTruncated, "not-base64": CookieNotBase64, "storage-flag-cleared": OtherStorage,
		"bad-sid": CookieForged, "bad-tag": CookieForged, "bad-idling-offset": CookieForged, "idle-exceeded": IdlingExpired, "rolling-exceeded": RollingExpired,
		"value-not-json": ValueNotJSON, "payload-size-mismatch": ValueWrongSize, "value-null-info": ValueNull, "value-object": ValueNotJSON,
	}
	values := map[string]func(value string) string{
		"value-not-json":        func(string) string { return "not json" },
		"payload-size-mismatch": func(value string) string { return `["` + value[3:] },
		"value-trailing-space":  func(value string) string { return value + " " },
		"value-inner-space":     func(value string) string { return ` [ ` + value[1:len(value)-1] + ` ] ` },
		"value-null-info":       func(value string) string { return value[:len(value)-1] + ",null]" },
		"value-object":          func(value string) string { return `{"data":` + value[1:len(value)-1] + "}" },
		"value-foreign-info":    func(value string) string { return value[:len(value)-1] + `,"e30"]` },
	}
	g := readVisitorGolden(t)
	for _, v := range g.Failures {
		t.Run(v.Name, func(t *testing.T) {
			r := newVisitorRig(t, VisitorSettings{})
			r.now = v.Now
			key, value := r.valueOf(g, v.Cookie)
			if change := values[v.Name]; change != nil {
				value = change(value)
			}
			if key != "" {
				r.do("SET", key, value)
			}
			s, err := r.open(v.Cookie)
			if v.Result.Exists {
				require.NoError(t, err)
				require.NoError(t, s.Commit(t.Context()))
				require.Equal(t, v.SetCookie, append([]string{}, s.SetCookies()...))
				data := bytes.TrimSuffix(bytes.TrimPrefix(appendAudiences(nil, s.audiences, true), []byte("[[")), []byte(`,"default"]]`))
				require.JSONEq(t, string(v.Result.Data), string(data))
				return
			}
			require.NotEmpty(t, reasons[v.Name])
			require.Equal(t, reasons[v.Name], reason(t, err), "%v", v.Result.Err)
			if key != "" {
				require.Equal(t, value, r.do("GET", key), "nothing of it was changed")
			}
		})
	}
}

// valueOf finds the value that belongs to a cookie, or makes it: of some, only the plaintext is known.
func (r *visitorRig) valueOf(g visitorGolden, cookie string) (key, value string) {
	var h header
	if h.parse(cookie) != nil {
		return "", ""
	}
	key = sessionKey("bwgolden", h.id())
	for _, v := range g.Vectors {
		if record, ok := records(r, v.After)[key]; ok {
			return key, record.Value
		}
	}
	copied := h
	data := []byte(`[[{"k":"v"},"default"]]`)
	return key, `["` + base64.RawURLEncoding.EncodeToString(r.sessions.keys.seal(&copied, data)) + `"]`
}

// The same library with other data and other options.
func TestVisitorGoldenVariations(t *testing.T) {
	settings := map[string]VisitorSettings{
		"audience-a":            {Audience: "svc-a"},
		"ttl-rolling-0":         {Rolling: NoTimeout},
		"ttl-absolute-0":        {Absolute: NoTimeout},
		"ttl-both-0":            {Rolling: NoTimeout, Absolute: NoTimeout},
		"ttl-near-absolute-end": {Idling: NoTimeout},
		"cookie-storage-small":  {Away: CookieWhenAway},
	}
	g := readVisitorGolden(t)
	for _, v := range g.Variations {
		t.Run(v.Name, func(t *testing.T) {
			r := newVisitorRig(t, settings[v.Name])
			r.now = v.Now
			var h header
			require.NoError(t, h.parse(v.Cookie))
			r.store(records(t, v.After))
			s, err := r.open(v.Cookie)
			switch v.Name {
			case "bind-ip":
				require.Equal(t, CookieFlags, reason(t, err))
				return
			case "hash-storage-key": // an option that BunkerWeb does not set: the key is another one
				require.Equal(t, NotStored, reason(t, err))
				r.do("SET", sessionKey("bwgolden", h.id()), records(t, v.After)[v.Key].Value)
				s, err = r.open(v.Cookie)
			case "cookie-storage-small":
				require.Equal(t, OtherStorage, reason(t, err), "the server is there")
				require.NoError(t, r.state.Close())
				s, err = r.open(v.Cookie)
			case "ttl-near-absolute-end": // the value was left out of the record
				r.do("SET", sessionKey("bwgolden", h.id()), lastSet(t, v.Name))
				s, err = r.open(v.Cookie)
			}
			require.NoError(t, err)
			require.False(t, s.IsNew())
			if v.TTL != 0 {
				require.Equal(t, time.Duration(v.TTL)*time.Second, s.Lifetime())
			}
			if v.Decoded.JSON != "" {
				require.Equal(t, v.Decoded.JSON, string(appendAudiences(nil, s.audiences, s.header.stored())))
			}
		})
	}
}

// lastSet is the value that a node set last, out of its trace.
func lastSet(t *testing.T, name string) (value string) {
	text, err := os.ReadFile("testdata/sessions.json")
	require.NoError(t, err)
	var g struct {
		Variations []struct {
			Name  string
			Trace []struct{ Send [][]string } `json:"redis_trace"`
		} `json:"library_variations"`
	}
	require.NoError(t, json.Unmarshal(text, &g))
	for _, v := range g.Variations {
		for _, step := range v.Trace {
			for _, command := range step.Send {
				if v.Name == name && command[0] == "set" {
					value = command[2]
				}
			}
		}
	}
	require.NotEmpty(t, value)
	return value
}

// Sessions that an independent implementation made, and that nodes accepted.
func TestVisitorGoldenMinted(t *testing.T) {
	g := readVisitorGolden(t)
	for _, v := range g.Minted {
		t.Run(v.Name, func(t *testing.T) {
			r := newVisitorRig(t, VisitorSettings{})
			r.now = v.Now
			r.do("SET", v.Key, v.Value)
			s, err := r.open(v.Cookie)
			require.NoError(t, err)
			require.NoError(t, s.Check(Visitor{netip.MustParseAddr("203.0.113.7"), "golden-agent/1.0"}))
			require.JSONEq(t, v.JSON, strings.ReplaceAll(string(appendAudiences(nil, s.audiences, true)), `\/`, "/"))
			antibot, found := s.Antibot()
			require.True(t, found)
			require.Equal(t, !strings.Contains(v.Name, "empty"), antibot.Resolved)
		})
	}
}
