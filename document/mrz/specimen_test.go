package mrz_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/document/mrz"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// specimens are those that Doc 9303 prints (parts 4 to 7).
var specimens = map[string]struct {
	zone string
	want mrz.Document
}{
	"TD3": {`P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
L898902C36UTO7408122F1204159ZE184226B<<<<<10`, mrz.Document{
		Format: mrz.TD3, Type: "P", Issuer: "UTO", Nationality: "UTO", Number: "L898902C3", Sex: "F",
		Name: mrz.Name{Surname: "ERIKSSON", Given: "ANNA MARIA"}, Optional: "ZE184226B",
		Birth: mrz.Date{1974, 8, 12}, Expiry: mrz.Date{2012, 4, 15},
	}},
	"TD1": {`I<UTOD231458907<<<<<<<<<<<<<<<
7408122F1204159UTO<<<<<<<<<<<6
ERIKSSON<<ANNA<MARIA<<<<<<<<<<`, mrz.Document{
		Format: mrz.TD1, Type: "I", Issuer: "UTO", Nationality: "UTO", Number: "D23145890", Sex: "F",
		Name:  mrz.Name{Surname: "ERIKSSON", Given: "ANNA MARIA"},
		Birth: mrz.Date{1974, 8, 12}, Expiry: mrz.Date{2012, 4, 15},
	}},
	"TD1 with a long number": {`I<UTOD23145890<7349<<<<<<<<<<<
3407127M9507122UTO<<<<<<<<<<<2
STEVENSON<<PETER<JOHN<<<<<<<<<`, mrz.Document{
		Format: mrz.TD1, Type: "I", Issuer: "UTO", Nationality: "UTO", Number: "D23145890734", Sex: "M",
		Name:  mrz.Name{Surname: "STEVENSON", Given: "PETER JOHN"},
		Birth: mrz.Date{1934, 7, 12}, Expiry: mrz.Date{1995, 7, 12},
	}},
	"TD2": {`I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<
D231458907UTO7408122F1204159<<<<<<<6`, mrz.Document{
		Format: mrz.TD2, Type: "I", Issuer: "UTO", Nationality: "UTO", Number: "D23145890", Sex: "F",
		Name:  mrz.Name{Surname: "ERIKSSON", Given: "ANNA MARIA"},
		Birth: mrz.Date{1974, 8, 12}, Expiry: mrz.Date{2012, 4, 15},
	}},
	"MRV-A": {`V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
L8988901C4XXX4009078F96121096ZE184226B<<<<<<`, mrz.Document{
		Format: mrz.MRVA, Type: "V", Issuer: "UTO", Nationality: "XXX", Number: "L8988901C", Sex: "F",
		Name: mrz.Name{Surname: "ERIKSSON", Given: "ANNA MARIA"}, Optional: "6ZE184226B",
		Birth: mrz.Date{1940, 9, 7}, Expiry: mrz.Date{1996, 12, 10},
	}},
	"MRV-B": {`V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<
L8988901C4XXX4009078F9612109<<<<<<<<`, mrz.Document{
		Format: mrz.MRVB, Type: "V", Issuer: "UTO", Nationality: "XXX", Number: "L8988901C", Sex: "F",
		Name:  mrz.Name{Surname: "ERIKSSON", Given: "ANNA MARIA"},
		Birth: mrz.Date{1940, 9, 7}, Expiry: mrz.Date{1996, 12, 10},
	}},
}

func TestParseReadsTheSpecimens(t *testing.T) {
	for name, c := range specimens {
		t.Run(name, func(t *testing.T) {
			lines := strings.Split(c.zone, "\n")
			got, err := mrz.Parse(lines, now)
			require.NoError(t, err)
			require.NoError(t, got.Verify())
			want := c.want
			want.Lines, want.Checks = lines, got.Checks
			require.Equal(t, want, got)
			require.GreaterOrEqual(t, len(got.Checks), 3)
		})
	}
}

func TestMakeWritesTheSpecimens(t *testing.T) {
	for name, c := range specimens {
		t.Run(name, func(t *testing.T) {
			lines, err := mrz.Make(c.want)
			require.NoError(t, err)
			require.Equal(t, strings.Split(c.zone, "\n"), lines)
		})
	}
}
