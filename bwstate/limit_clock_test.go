package bwstate

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What the zones of timestamps_tz.json do not show: the southern half of the world, zones whose winter is said to be the exception, and zones that changed.
func TestNodeShift(t *testing.T) {
	for _, c := range []struct {
		zone string
		date string
		want time.Duration
	}{
		{"UTC", "2024-07-01", 0},
		{"Australia/Sydney", "2024-01-15", -10 * time.Hour},
		{"Australia/Sydney", "2024-07-15", -10 * time.Hour},
		{"Australia/Lord_Howe", "2024-01-15", -(10*time.Hour + 30*time.Minute)}, // half an hour of summer
		{"America/Santiago", "2024-01-15", 4 * time.Hour},
		{"America/Santiago", "2024-07-15", 4 * time.Hour},
		{"Asia/Kathmandu", "2024-07-15", -(5*time.Hour + 45*time.Minute)},
		{"Pacific/Apia", "2011-12-01", 11 * time.Hour}, // in summer, a month before the zone crossed the date line
		{"Pacific/Apia", "2013-07-01", -13 * time.Hour},
		{"Europe/Moscow", "2012-07-01", -4 * time.Hour}, // four hours all year, until
		{"Europe/Moscow", "2015-07-01", -3 * time.Hour},
		{"Europe/London", "1969-01-15", -time.Hour}, // standard time was that of summer, for three years
		{"Europe/London", "1943-07-01", 0},          // two hours ahead: between two times of one hour, all of them summer
		{"America/Sao_Paulo", "2024-01-15", 3 * time.Hour},
		{"America/Sao_Paulo", "2018-12-15", 3 * time.Hour},
	} {
		zone, err := time.LoadLocation(c.zone)
		require.NoError(t, err)
		day, err := time.ParseInLocation("2006-01-02", c.date, zone)
		require.NoError(t, err)
		require.Equal(t, c.want, NodeShift(zone, day.Add(12*time.Hour)), "%s on %s", c.zone, c.date)
	}
	require.Zero(t, NodeShift(nil, time.Now()))
	require.Equal(t, 5*time.Hour, NodeShift(time.FixedZone("", -5*3600), time.Now()))
}

// In a year without a change of standard time the shift is the same on every day, and that of the days without summer time. In Ireland the database says that summer is
// standard and winter the exception; some systems turn that around, and then so does the answer.
func TestNodeShiftIsTheSameAllYear(t *testing.T) {
	for _, name := range []string{"Europe/Dublin", "Europe/Paris", "America/New_York", "Pacific/Auckland", "Africa/Casablanca", "Australia/Lord_Howe", "America/Nuuk"} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		first := NodeShift(zone, time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC))
		standard := 0
		for hour := range 365 * 24 {
			at := time.Date(2021, 1, 1, hour, 30, 0, 0, time.UTC)
			require.Equal(t, first, NodeShift(zone, at), "%s at %s", name, at)
			if at = at.In(zone); !at.IsDST() {
				_, offset := at.Zone()
				require.Equal(t, -time.Duration(offset)*time.Second, first)
				standard++
			}
		}
		require.NotZero(t, standard)
	}
}

// A zone can have no standard time before a date, and has the one behind it then.
func TestNodeShiftWithNoStandardTimeBefore(t *testing.T) {
	file := []byte("TZif2" + strings.Repeat("\x00", 15) + strings.Repeat("\x00", 24)) // nothing for those who read 32 bits
	file = append(file, "TZif2"+strings.Repeat("\x00", 15)...)
	for _, n := range []uint32{0, 0, 0, 1, 2, 8} { // of which there are: one transition, two kinds of time, and their names
		file = binary.BigEndian.AppendUint32(file, n)
	}
	file = binary.BigEndian.AppendUint64(file, 1_700_000_000)
	file = append(file, 1)                                                                  // from then on it is the second
	file = append(binary.BigEndian.AppendUint32(file, 5*3600), 1, 0)                        // five hours ahead, and summer
	file = append(binary.BigEndian.AppendUint32(file, 3*3600), 0, 4)                        // three, and standard
	zone, err := time.LoadLocationFromTZData("zone", append(file, "SUM\x00STD\x00\n\n"...)) // and no rule for later
	require.NoError(t, err)
	for _, at := range []int64{0, 1_699_999_999, 1_700_000_000, 2_000_000_000} {
		require.Equal(t, at < 1_700_000_000, time.Unix(at, 0).In(zone).IsDST())
		require.Equal(t, -3*time.Hour, NodeShift(zone, time.Unix(at, 0)))
	}
}
