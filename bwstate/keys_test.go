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
		"bwredis:session:shop:" + handleOfToken("t"):              appSessionKey("shop", handleOfToken("t")),
		"bwredis:subject:shop:" + subjectHash("s"):                appSubjectKey("shop", subjectHash("s")),
	} {
		require.Equal(t, want, got)
	}
}
