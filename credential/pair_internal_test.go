package credential

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEmails(t *testing.T) {
	long := strings.Repeat("a", 64)
	for text, want := range map[string]string{
		"ada@example.org":           "ada@example.org",
		" ada@example.org\n":        "ada@example.org",
		"Ada.L+x@EXAMPLE.Org":       "Ada.L+x@example.org",
		"o'hara_{}!@example.org":    "o'hara_{}!@example.org",
		long + "@example.org":       long + "@example.org",
		"ada@bücher.example":        "ada@xn--bcher-kva.example",
		"ada@BÜCHER.example":        "ada@xn--bcher-kva.example",
		"ada@xn--bcher-kva.example": "ada@xn--bcher-kva.example",
		"ada@faß.de":                "ada@xn--fa-hia.de",
		"ada@例え.テスト":                "ada@xn--r8jz45g.xn--zckzah",
		"ada@ｅｘａｍｐｌｅ.org":           "ada@example.org",
	} {
		got, err := parseEmail(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
		again, err := parseEmail(got)
		require.NoError(t, err)
		require.Equal(t, got, again, "it is its own form")
	}
	for _, text := range []string{
		"", " ", "ada", "@example.org", "ada@", "ada@example", "ada@localhost", "ada@example.org.", "ada@.example.org", "ada@a..b",
		"Ada <ada@example.org>", "<ada@example.org>", "ada@example.org (Ada)", "ada@example.org, eve@example.org", "ada@example.org;eve@example.org",
		"ada@eve@example.org", `"ada l"@example.org`, `"ada"@example.org`, "a..da@example.org", ".ada@example.org", "ada.@example.org", "a da@example.org",
		"ada@[127.0.0.1]", "ada@127.0.0.1", "ada@ex_ample.org", "ada@ex ample.org", "ada@-a.org", "ädä@example.org",
		"ada@example.org\r\nBcc: eve@example.org", "ada\r\n@example.org", "ada\x00@example.org", "ada@example.org\x00", "ada@exam\u200bple.org\u202e",
		"a" + long + "@example.org", "ada@" + strings.Repeat("a.", 130) + "org", strings.Repeat("a", 1<<20), "=?utf-8?q?ada?=@example.org@example.org",
	} {
		_, err := parseEmail(text)
		require.ErrorIs(t, err, ErrAddress, text)
		require.NotContains(t, err.Error(), "eve")
	}
}

// Numbers are what libphonenumber's Python port makes of them.
func TestPhones(t *testing.T) {
	text, err := os.ReadFile("testdata/phones.json")
	require.NoError(t, err)
	var cases []struct{ Text, Region, E164 string }
	require.NoError(t, json.Unmarshal(text, &cases))
	require.Greater(t, len(cases), 300)
	for _, c := range cases {
		got, err := parsePhone(c.Text, c.Region)
		if c.E164 == "" {
			require.ErrorIs(t, err, ErrAddress, "%+v", c)
			continue
		}
		require.NoError(t, err, "%+v", c)
		require.Equal(t, c.E164, got, "%+v", c)
	}
	for _, region := range []string{"", "CH"} {
		for _, text := range []string{
			"", " ", "+", "+41", "12", "+41791234567 ext. 5", "+41791234567;ext=5", "+41791234567x5", "tel:+41791234567", "+1-800-FLOWERS", "1-800-FLOWERS",
			"+41 79 123 45 678 901 234", "+999123456789", "+41791234567\r\n", "+41791234567\x00", "+４１７９１２３４５６７", "++41791234567", "0+41791234567",
			"+41791234567,+41791234568", strings.Repeat("1", 1<<20), "112", "911",
		} {
			_, err := parsePhone(text, region)
			require.ErrorIs(t, err, ErrAddress, "%.40q of %q", text, region)
		}
	}
	_, err = parsePhone("079 123 45 67", "")
	require.ErrorContains(t, err, "+ and its country's code")
	require.NotContains(t, err.Error(), "079 123")
	require.True(t, knownRegion("CH"))
	require.False(t, knownRegion("ch"))
	require.False(t, knownRegion("ZZ"))
}

func FuzzPair(f *testing.F) {
	f.Add("ada@example.org", "+41791234567")
	f.Add("Ada <ada@bücher.example>", "079 123 45 67")
	f.Fuzz(func(t *testing.T, email, phone string) {
		if got, err := parseEmail(email); err == nil {
			again, err := parseEmail(got)
			require.NoError(t, err)
			require.Equal(t, got, again)
			require.NotContains(t, got, "\n")
			require.Equal(t, 1, strings.Count(got, "@"))
		}
		if got, err := parsePhone(phone, "CH"); err == nil {
			require.Regexp(t, `^\+[1-9][0-9]{5,14}$`, got)
			again, err := parsePhone(got, "")
			require.NoError(t, err)
			require.Equal(t, got, again)
		}
	})
}
