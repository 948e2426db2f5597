package bwstate_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

const canary = "canary-7f3a9c"

// shownForms is everything a value is turned into on its way to a screen or a log.
func shownForms(t testing.TB, v any) []string {
	t.Helper()
	var forms []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%08.3f", "%c", "%U", "%-40s|"} {
		forms = append(forms, fmt.Sprintf(verb, v), fmt.Sprintf(verb, []any{v}), fmt.Sprintf(verb, struct{ Field any }{v}))
	}
	encoded, err := json.Marshal(map[string]any{"value": v})
	require.NoError(t, err)
	forms = append(forms, string(encoded))

	var logged bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&logged, nil), slog.NewTextHandler(&logged, nil)} {
		slog.New(handler).Info("opened", "value", v)
		slog.New(handler).Info("opened", "values", []any{v})
	}
	return append(forms, logged.String())
}

func requireHidden(t testing.TB, v any, secret string) {
	t.Helper()
	for _, form := range shownForms(t, v) {
		require.NotContains(t, form, secret)
		require.NotContains(t, strings.ToLower(form), fmt.Sprintf("%x", secret))
		require.NotContains(t, form, strings.Trim(fmt.Sprint([]byte(secret)), "[]"))
	}
}

func TestSecretHidesItself(t *testing.T) {
	secret := bwstate.Secret(canary)
	requireHidden(t, secret, canary)
	requireHidden(t, &secret, canary)
	requireHidden(t, map[string]bwstate.Secret{"k": secret}, canary)

	require.Equal(t, canary, string(secret))
	require.Equal(t, "[hidden]", secret.String())
	require.Equal(t, `[hidden] [hidden] "[hidden]" "[hidden]"`, fmt.Sprintf("%v %x %q %#v", secret, secret, secret, secret))
	require.Equal(t, `[] ""`, fmt.Sprintf("[%v] %q", bwstate.Secret(""), bwstate.Secret("")))
	require.Equal(t, "[hidden]", slog.AnyValue(secret).Resolve().Any())
	type config struct{ Password bwstate.Secret }
	encoded, err := xml.Marshal(config{secret})
	require.NoError(t, err)
	require.NotContains(t, string(encoded), canary)
}

func TestSettingsHideSecrets(t *testing.T) {
	s, err := bwstate.ParseSettings(settingsFrom("USE_REDIS=yes", "REDIS_HOST=redis", "REDIS_USERNAME=app",
		"REDIS_PASSWORD="+canary, "REDIS_SENTINEL_PASSWORD="+canary+" "))
	require.NoError(t, err)
	require.Len(t, s.Warnings, 2)
	for _, v := range []any{s, &s, s.Effective(), s.Parity()} {
		requireHidden(t, v, canary)
	}

	require.Equal(t, "BWREDIS_TIME_UNIT=seconds USE_REDIS=yes REDIS_HOST=redis REDIS_PORT=6379 REDIS_DATABASE=0 "+
		"REDIS_USERNAME=app REDIS_PASSWORD=[hidden] REDIS_SSL=no REDIS_SSL_VERIFY=yes REDIS_TIMEOUT=5s "+
		"REDIS_SENTINEL_PASSWORD=[hidden] REDIS_SENTINEL_MASTER=mymaster REDIS_KEEPALIVE_IDLE=5m0s REDIS_KEEPALIVE_POOL=3",
		s.String())
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("opened", "redis", s)
	require.Contains(t, logged.String(), "redis.REDIS_PASSWORD=[hidden]")
	require.Contains(t, logged.String(), "redis.REDIS_TIMEOUT=5s")
}

// What String lists, ParseSettings reads back to the same settings, the secrets aside.
func TestSettingsStringIsWhatParseTakes(t *testing.T) {
	s, err := bwstate.ParseSettings(settingsFrom("BWREDIS_TIME_UNIT=ms", "USE_REDIS=yes", "REDIS_PORT=6390", "REDIS_SSL=yes",
		"REDIS_SSL_CA=/etc/my \"ca\".pem", "REDIS_SSL_CA_DIR=/etc/my cas", "REDIS_SENTINEL_HOSTS=s1 [::1]:5", "REDIS_TIMEOUT=1500",
		"REDIS_SENTINEL_ADDRESS_MAP=[::2]=b a:1=b:2", "REDIS_SENTINEL_SSL=no", "REDIS_SENTINEL_SSL_SERVER_NAME=sentinel.internal"))
	require.NoError(t, err)
	again, err := bwstate.ParseSettings(settingsFrom(splitShown(t, s.String())...))
	require.NoError(t, err)
	require.Equal(t, bwstate.Plain(s), bwstate.Plain(again))
}

// JSON says the same as String, in the same order, and a map made of it is a source of the same settings.
func TestSettingsJSON(t *testing.T) {
	s, err := bwstate.ReadSettings(bwstate.FromURL("rediss+sentinel://:" + canary + "@s1,s2/main/3?timeout=1500ms&ssl_ca=/a%22b"))
	require.NoError(t, err)
	encoded, err := json.Marshal(s)
	require.NoError(t, err)
	require.Equal(t, `{"BWREDIS_TIME_UNIT":"seconds","USE_REDIS":"yes","REDIS_PORT":"6379","REDIS_DATABASE":"3","REDIS_PASSWORD":"[hidden]",`+
		`"REDIS_SSL":"yes","REDIS_SSL_VERIFY":"yes","REDIS_SSL_CA":"/a\"b","REDIS_TIMEOUT":"1.5s","REDIS_SENTINEL_HOSTS":"s1:26379 s2:26379",`+
		`"REDIS_SENTINEL_MASTER":"main","REDIS_KEEPALIVE_IDLE":"5m0s","REDIS_KEEPALIVE_POOL":"3"}`, string(encoded))
	var values map[string]string
	require.NoError(t, json.Unmarshal(encoded, &values))
	again, err := bwstate.ReadSettings(bwstate.FromMap("", values))
	require.NoError(t, err)
	again.Password = s.Password
	require.Equal(t, bwstate.Plain(s), bwstate.Plain(again))
}

// splitShown undoes Settings.String.
func splitShown(t testing.TB, shown string) (pairs []string) {
	t.Helper()
	for shown != "" {
		name, rest, found := strings.Cut(shown, "=")
		require.True(t, found)
		value, after, _ := strings.Cut(rest, " ")
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			after = strings.TrimPrefix(rest[len(quoted):], " ")
			value, err = strconv.Unquote(quoted)
			require.NoError(t, err)
		}
		pairs, shown = append(pairs, name+"="+value), after
	}
	return pairs
}
