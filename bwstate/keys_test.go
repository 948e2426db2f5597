package bwstate

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKeys(t *testing.T) {
	var id SessionID
	for i := range id {
		id[i] = byte(i)
	}
	v4, v6, mapped := netip.MustParseAddr("1.2.3.4"), netip.MustParseAddr("2001:DB8:0:0::1"), netip.MustParseAddr("::FFFF:1.2.3.4")
	for want, got := range map[string]string{
		"bans_ip_1.2.3.4":                                         banKey(GlobalScope, "unknown", v4),
		"bans_ip_2001:db8::1":                                     banKey(GlobalScope, "", v6),
		"bans_ip_::ffff:1.2.3.4":                                  banKey(GlobalScope, "", mapped),
		"bans_service_app1.example.com_ip_1.2.3.4":                banKey(ServiceScope, "app1.example.com", v4),
		"bans_service___ip_1.2.3.4":                               banKey(ServiceScope, "_", v4),
		"bans_service_a_ip_b_ip_2001:db8::1":                      banKey(ServiceScope, "a_ip_b", v6),
		"plugin_bad_behavior_1.2.3.4":                             badBehaviorKey(GlobalScope, "app1.example.com", v4),
		"plugin_bad_behavior_app1.example.com_::1":                badBehaviorKey(ServiceScope, "app1.example.com", netip.IPv6Loopback()),
		"sessions_:s:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8": sessionKey("s", id),
		"plugin_limit_app1.example.com1.2.3.4/login":              pathLimitKey("app1.example.com", v4, "/login"),
		"plugin_limit_app1.example.com2001:db8::1/a b/\xff":       pathLimitKey("app1.example.com", v6, "/a b/\xff"),
		"plugin_limit_global_app1.example.com_19675":              serviceLimitKey("app1.example.com", 19675),
		"bwredis:limit:login:alice":                               quotaKey("login", "alice"),
		"bwredis:limitcount:api:60000:alice":                      limitCountKey("api", 60000, "alice"),
		"bwredis:session:shop:" + handleOfToken("t"):              appSessionKey("shop", handleOfToken("t")),
		"bwredis:subject:shop:" + subjectHash("s"):                appSubjectKey("shop", subjectHash("s")),
	} {
		require.Equal(t, want, got)
	}
}
