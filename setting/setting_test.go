package setting_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/setting"
)

func TestCheck(t *testing.T) {
	count, secret, free := 3, "hidden", "anything"
	settings := func() []setting.Setting {
		return []setting.Setting{
			{Key: "free", Value: &free},
			{Key: "count", Value: &count, Want: "1 to 5", OK: count >= 1 && count <= 5},
			{Key: "secret", Value: &secret, Hidden: true, Want: "long", OK: len(secret) > 6},
		}
	}
	require.EqualError(t, setting.Check(settings()), "config: secret is set, but must be long")
	secret = ""
	require.EqualError(t, setting.Check(settings()), "config: secret is empty, but must be long")
	count = 6
	var wrong *setting.Error
	require.ErrorAs(t, setting.Check(settings()), &wrong)
	require.Equal(t, setting.Error{Key: "count", Value: 6, Want: "1 to 5"}, *wrong)
	count, secret = 5, "long enough"
	require.NoError(t, setting.Check(settings()))
}

func TestTable(t *testing.T) {
	text, none, flag, few, many, size, rate := "a", "", false, 9_999, 52_000_000, 20<<20, 0.01
	list, empty := []string{"a", "b"}, []string(nil)
	rows := []setting.Setting{
		{Key: "x.text", Value: &text, Means: "a text"},
		{Key: "x.none", Value: &none, Means: "m"},
		{Key: "x.shown", Value: &none, Shown: "fetched", Means: "m"},
		{Key: "x.flag", Value: &flag, Means: "m"},
		{Key: "x.few", Value: &few, Means: "m"},
		{Key: "x.many", Value: &many, Means: "m"},
		{Key: "x.size", Value: &size, Bytes: true, Means: "m"},
		{Key: "x.rate", Value: &rate, Means: "m"},
		{Key: "x.list", Value: &list, Means: "m"},
		{Key: "x.empty", Value: &empty, Means: "m"},
	}
	require.Equal(t, "| `text` | `a` | a text |\n| `none` | | m |\n| `shown` | fetched | m |\n| `flag` | `false` | m |\n| `few` | `9999` | m |\n"+
		"| `many` | 52,000,000 | m |\n| `size` | 20 MiB | m |\n| `rate` | `0.01` | m |\n| `list` | `a,b` | m |\n| `empty` | | m |\n", setting.Table(rows, "x."))
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", 90 * time.Second: "1m30s", 5 * time.Minute: "5m", time.Hour: "1h", 90 * time.Minute: "1h30m",
		24 * time.Hour: "24h", time.Hour + time.Second: "1h0m1s", 1500 * time.Millisecond: "1.5s", 10 * time.Minute: "10m", 10 * time.Hour: "10h",
	} {
		require.Equal(t, "| `d` | `"+want+"` | m |\n", setting.Table([]setting.Setting{{Key: "d", Value: &d, Means: "m"}}, ""))
	}
}
