package mrz_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/document/documenttest"
	"oneton/document/mrz"
)

func TestWhatIsMadeParsesBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, f := range mrz.Formats() {
		for range 2000 {
			d := documenttest.Document(rng, f)
			lines, err := mrz.Make(d)
			require.NoError(t, err)
			got, err := mrz.Parse(lines, now)
			require.NoError(t, err, lines)
			require.NoError(t, got.Verify(), lines)
			d.Lines, d.Checks = lines, got.Checks
			if got.Name.Truncated {
				upper := lines[map[bool]int{true: 2}[f == mrz.TD1]]
				require.NotEqual(t, "<", upper[f.Length()-1:])
				d.Name = got.Name
			}
			require.Equal(t, d, got)
			again, err := mrz.Make(got)
			require.NoError(t, err)
			if !got.Name.Truncated {
				require.Equal(t, lines, again)
			}
		}
	}
}

// worth is a character's value in check digits, by its definition.
func worth(c byte) int {
	switch {
	case c >= 'A':
		return int(c-'A') + 10
	case c >= '0' && c <= '9':
		return int(c - '0')
	}
	return 0
}

// Of what check digits cover, each substitution by a character of another value
// modulo 10 is found, wherever it lies and whatever the format.
func TestVerifyFindsSubstitutions(t *testing.T) {
	covered := map[mrz.Format][]struct{ line, from, to int }{
		mrz.TD1:  {{0, 5, 30}, {1, 0, 7}, {1, 8, 15}, {1, 18, 30}},
		mrz.TD2:  {{1, 0, 10}, {1, 13, 20}, {1, 21, 36}},
		mrz.TD3:  {{1, 0, 10}, {1, 13, 20}, {1, 21, 44}},
		mrz.MRVA: {{1, 0, 10}, {1, 13, 20}, {1, 21, 28}},
		mrz.MRVB: {{1, 0, 10}, {1, 13, 20}, {1, 21, 28}},
	}
	rng := rand.New(rand.NewPCG(2, 2))
	for f, spans := range covered {
		found, all := 0, 0
		for range 20 {
			lines := documenttest.Lines(documenttest.Document(rng, f))
			for _, s := range spans {
				for at := s.from; at < s.to; at++ {
					for _, c := range []byte(mrz.Characters) {
						was := lines[s.line][at]
						if worth(c)%10 == worth(was)%10 {
							continue
						}
						changed := append([]string{}, lines...)
						changed[s.line] = changed[s.line][:at] + string(c) + changed[s.line][at+1:]
						all++
						d, err := mrz.Parse(changed, now)
						if err != nil {
							require.ErrorIs(t, err, mrz.ErrCharacter)
							found++
							continue
						}
						if d.Verify() != nil {
							found++
							continue
						}
						t.Errorf("%v: %q at line %d, position %d for %q is not found in\n%s", f, c, s.line+1, at+1, was, strings.Join(lines, "\n"))
					}
				}
			}
		}
		require.Equal(t, all, found)
		require.Greater(t, all, 10000)
	}
}

func TestParseRefuses(t *testing.T) {
	good := strings.Split(specimens["TD3"].zone, "\n")
	for name, c := range map[string]struct {
		lines []string
		err   error
		says  string
	}{
		"nothing":                {nil, mrz.ErrFormat, "0 lines"},
		"one line":               {good[:1], mrz.ErrFormat, "1 lines of [44]"},
		"a short line":           {[]string{good[0][:43], good[1]}, mrz.ErrFormat, "[43 44]"},
		"a passport's as card's": {[]string{"I" + good[0][1:], good[1]}, mrz.ErrFormat, "2 of 44 that begin with P or V"},
		"small letters":          {[]string{strings.ToLower(good[0]), good[1]}, mrz.ErrFormat, ""},
		"a letter in a date":     {[]string{good[0], good[1][:13] + "7O" + good[1][15:]}, mrz.ErrCharacter, "line 2, position 15 of a TD3 is a digit or filler, not 'O'"},
		"a digit in the name":    {[]string{good[0][:6] + "0" + good[0][7:], good[1]}, mrz.ErrCharacter, "line 1, position 7"},
		"a character of none":    {[]string{good[0], good[1][:2] + "*" + good[1][3:]}, mrz.ErrCharacter, "'*'"},
		"not ASCII":              {[]string{good[0][:42] + "é", good[1]}, mrz.ErrCharacter, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mrz.Parse(c.lines, now)
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestVerifyTellsAllThatIsWrong(t *testing.T) {
	d, err := mrz.Parse([]string{
		"P<UTQERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
		"L898902C46UTO7413122F1204159ZE184226B<<<<<10",
	}, now)
	require.NoError(t, err)
	err = d.Verify()
	require.ErrorIs(t, err, mrz.ErrCheck)
	require.ErrorIs(t, err, mrz.ErrDate)
	require.ErrorIs(t, err, mrz.ErrCountry)
	for _, says := range []string{"check digit of the number", "of the composite", "741312 of birth", "UTQ"} {
		require.ErrorContains(t, err, says)
	}
	require.NotContains(t, err.Error(), "of the expiry")
}

func TestDatesHaveTheirCentury(t *testing.T) {
	zone := func(birth, expiry string) []string {
		lower := "L898902C36UTO" + birth + string(mrz.Check(birth)) + "F" + expiry + string(mrz.Check(expiry)) + "<<<<<<<<<<<<<<0"
		return []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", lower + string(mrz.Check(lower[:10]+lower[13:20]+lower[21:43]))}
	}
	for name, c := range map[string]struct{ birth, expiry, wantBirth, wantExpiry string }{
		"of this century":          {"050615", "300101", "2005-06-15", "2030-01-01"},
		"of the last one":          {"740812", "991231", "1974-08-12", "1999-12-31"},
		"born today":               {"261128", "311128", "2026-11-28", "2031-11-28"},
		"not born tomorrow":        {"261129", "311128", "1926-11-29", "2031-11-28"},
		"not born next month":      {"261201", "311128", "1926-12-01", "2031-11-28"},
		"expires in fifty years":   {"000229", "760101", "2000-02-29", "2076-01-01"},
		"expired 49 years ago":     {"270101", "770101", "1927-01-01", "1977-01-01"},
		"day not known":            {"7408<<", "300101", "1974-08-XX", "2030-01-01"},
		"only the year is known":   {"74<<<<", "300101", "1974-XX-XX", "2030-01-01"},
		"year of birth not known":  {"<<0812", "300101", "XXXX-08-12", "2030-01-01"},
		"nothing of them is known": {"<<<<<<", "<<<<<<", "XXXX-XX-XX", "XXXX-XX-XX"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := mrz.Parse(zone(c.birth, c.expiry), now)
			require.NoError(t, err)
			require.NoError(t, d.Verify())
			require.Equal(t, c.wantBirth, d.Birth.String())
			require.Equal(t, c.wantExpiry, d.Expiry.String())
			require.Equal(t, !strings.Contains(c.birth, "<"), d.Birth.Known())
		})
	}
	for _, bad := range []string{"001301", "000001", "000100", "000132", "000431", "010229", "0<0101", "000<01", "00010<"} {
		d, err := mrz.Parse(zone(bad, "300101"), now)
		require.NoError(t, err)
		require.ErrorIs(t, d.Verify(), mrz.ErrDate, bad)
	}
}

func TestNamesAreTransliterated(t *testing.T) {
	for name, want := range map[string]string{
		"Núñez Peña":                "NUNEZ PENA",
		"Müller-Lüdenscheidt":       "MUELLER LUEDENSCHEIDT",
		"D'Angelo, Jr.":             "DANGELO JR",
		"Þórðardóttir":              "THORDARDOTTIR",
		"Strauß":                    "STRAUSS",
		"Ærø Åse":                   "AEROE AASE",
		"Łukasz Dąbrowski":          "LUKASZ DABROWSKI",
		"Nguyễn Thị":                "NGUYEN THI",
		"Шевченко Юлия":             "SHEVCHENKO IULIIA",
		"Щербаков Пётр":             "SHCHERBAKOV PETR",
		"Ђорђевић Љубиша":           "DORDEVIC LJUBISHA",
		"  García   de  la  Cruz ":  "GARCIA DE LA CRUZ",
		"İbrahim Işık":              "IBRAHIM ISIK",
		"Mu\u0308ller (decomposed)": "",
	} {
		got, err := mrz.Transliterate(strings.TrimSuffix(name, " (decomposed)"))
		require.NoError(t, err, name)
		if strings.HasSuffix(name, "(decomposed)") {
			want = "MUELLER"
		}
		require.Equal(t, want, got, name)
	}
	for _, s := range []string{"王", "محمد", "A1", "a<b"} {
		_, err := mrz.Transliterate(s)
		require.ErrorIs(t, err, mrz.ErrField, s)
	}
}

// The first case is one of Doc 9303, part 4, section 4.2.3.
func TestLongNamesAreCut(t *testing.T) {
	for _, c := range []struct{ surname, given, field string }{
		{"Nilavadhanananda", "Chayapa Dejthamrong Krasuang", "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"},
		{"Bennelong Wooloomooloo Wallabadah Warnambool", "Dingo Potoroo", "BENNELONG<WOOLOOMOOLOO<WALLABADAH<WA<<D"},
		{"Papandropoulous", "Jonathon Alec", "PAPANDROPOULOUS<<JONATHON<ALEC<<<<<<<<<"},
		{"Nilavadhanananda", "Arnpol Petch Charles Dejtham Xu", "NILAVADHANANANDA<<ARNPOL<PETCH<CHARLE<D"},
		{strings.Repeat("A", 60), "", strings.Repeat("A", 39)},
		{"Suharto", "", "SUHARTO<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"},
	} {
		lines, err := mrz.Make(mrz.Document{
			Format: mrz.TD3, Type: "P", Issuer: "UTO", Nationality: "UTO", Number: "1",
			Name: mrz.Name{Surname: c.surname, Given: c.given}, Birth: mrz.Date{2000, 1, 1}, Expiry: mrz.Date{2030, 1, 1},
		})
		require.NoError(t, err)
		require.Equal(t, c.field, lines[0][5:])
		d, err := mrz.Parse(lines, now)
		require.NoError(t, err)
		require.Equal(t, c.field[38] != '<', d.Name.Truncated)
	}
}

func TestMakeRefuses(t *testing.T) {
	good := specimens["TD3"].want
	for name, change := range map[string]func(d *mrz.Document){
		"no format":            func(d *mrz.Document) { d.Format = 0 },
		"no name":              func(d *mrz.Document) { d.Name = mrz.Name{} },
		"a card as a passport": func(d *mrz.Document) { d.Type = "I" },
		"no type":              func(d *mrz.Document) { d.Type = "" },
		"a long number":        func(d *mrz.Document) { d.Number = "1234567890" },
		"a long country":       func(d *mrz.Document) { d.Issuer = "UTOP" },
		"an odd number":        func(d *mrz.Document) { d.Number = "12/34" },
		"an odd sex":           func(d *mrz.Document) { d.Sex = "W" },
		"a long type":          func(d *mrz.Document) { d.Type = "PPP" },
		"a second number":      func(d *mrz.Document) { d.Second = "1" },
	} {
		d := good
		change(&d)
		_, err := mrz.Make(d)
		require.ErrorIs(t, err, mrz.ErrField, name)
	}
}

func TestGermanyIsDEU(t *testing.T) {
	d := specimens["TD3"].want
	d.Issuer = "DEU"
	lines, err := mrz.Make(d)
	require.NoError(t, err)
	require.Equal(t, "P<D<<", lines[0][:5])
	got, err := mrz.Parse(lines, now)
	require.NoError(t, err)
	require.NoError(t, got.Verify())
	require.Equal(t, "DEU", got.Issuer)
}

func FuzzParse(f *testing.F) {
	for _, c := range specimens {
		f.Add(c.zone)
	}
	f.Add("I<UTOD23145890<7\nx\n\xff")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := mrz.Parse(strings.Split(s, "\n"), now)
		if err != nil {
			return
		}
		_ = d.Verify()
		if birth := time.Date(d.Birth.Year, time.Month(max(1, d.Birth.Month)), max(1, d.Birth.Day), 0, 0, 0, 0, time.UTC); birth.After(now) {
			t.Errorf("born on %v", birth)
		}
		require.Equal(t, len(d.Lines), d.Format.Lines(), fmt.Sprint(d))
	})
}
