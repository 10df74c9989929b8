package mrz_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/document/documenttest"
	"oneton/document/mrz"
)

// glimpse is the likeliest characters of a position and their probabilities.
type glimpse map[byte]float64

// classes are those of a recogniser of zones alone, the blank first.
var classes = append([]string{"blank"}, strings.Split(mrz.Characters, "")...)

// seen is a line as a recogniser would see it: each position for so many frames,
// with a blank in between. Positions that are not told are seen clearly.
func seen(t *testing.T, line string, frames int, doubts map[int]glimpse) mrz.Line {
	t.Helper()
	alphabet, err := mrz.NewAlphabet(classes)
	require.NoError(t, err)
	var p []float32
	frame := func(g glimpse) {
		f := make([]float32, len(classes))
		rest := 1.0
		for c, v := range g {
			f[1+strings.IndexByte(mrz.Characters, c)] = float32(v)
			rest -= v
		}
		f[0] = float32(rest)
		p = append(p, f...)
	}
	frame(nil)
	for i := range len(line) {
		g, ok := doubts[i]
		if !ok {
			g = glimpse{line[i]: 0.99}
		}
		for range frames {
			frame(g)
		}
		frame(nil)
	}
	return alphabet.Fold(p)
}

// zone is views of lines, with doubts by line and position.
func zone(t *testing.T, lines []string, doubts map[[2]int]glimpse) [][]mrz.Line {
	t.Helper()
	views := make([][]mrz.Line, len(lines))
	for n, line := range lines {
		own := map[int]glimpse{}
		for at, g := range doubts {
			if at[0] == n {
				own[at[1]] = g
			}
		}
		views[n] = []mrz.Line{seen(t, line, 2, own)}
	}
	return views
}

func TestDecodeReadsWhatIsClear(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, f := range mrz.Formats() {
		for range 40 {
			lines := documenttest.Lines(documenttest.Document(rng, f))
			got, err := mrz.Decode(zone(t, lines, nil), nil, now)
			require.NoError(t, err)
			require.Equal(t, lines, got.Lines)
			require.Equal(t, mrz.Read, got.State, "%v %.1f %.1f", lines, got.Ratio, got.Repair)
			want, err := mrz.Parse(lines, now)
			require.NoError(t, err)
			require.Equal(t, want, got.Document)
		}
	}
}

// The number's third character is a 0 that looks more like an O: the check digit
// decides. In a field of digits and one of letters, the class does.
func TestDecodeRepairs(t *testing.T) {
	d, err := mrz.Parse(strings.Split(specimens["TD3"].zone, "\n"), now)
	require.NoError(t, err)
	d.Number, d.Birth = "L0O902C30", mrz.Date{1970, 8, 10}
	lines, err := mrz.Make(d)
	require.NoError(t, err)
	got, err := mrz.Decode(zone(t, lines, map[[2]int]glimpse{
		{1, 1}:  {'O': 0.8, '0': 0.19},
		{1, 14}: {'O': 0.8, '0': 0.19},
		{0, 5}:  {'E': 0.2, '3': 0.79},
	}), nil, now)
	require.NoError(t, err)
	require.Equal(t, lines, got.Lines)
	require.Equal(t, mrz.Read, got.State)
	require.Greater(t, got.Repair, 2.0)
}

// Two characters may be either of two, and exchanging both keeps each check
// digit: 1 and B differ by 10 in value.
func TestDecodeTellsWhatIsAmbiguous(t *testing.T) {
	d := specimens["TD3"].want
	d.Number = "L1B902C36"
	lines, err := mrz.Make(d)
	require.NoError(t, err)
	clearly := glimpse{'1': 0.97, 'B': 0.02}
	got, err := mrz.Decode(zone(t, lines, map[[2]int]glimpse{{1, 1}: {'1': 0.6, 'B': 0.39}}), nil, now)
	require.NoError(t, err)
	require.Equal(t, mrz.Ambiguous, got.State)
	require.Equal(t, lines, got.Lines)
	require.Less(t, got.Ratio, 2.0)
	got, err = mrz.Decode(zone(t, lines, map[[2]int]glimpse{{1, 1}: clearly}), nil, now)
	require.NoError(t, err)
	require.Greater(t, got.Ratio, 2.0)

	// An unclear letter of a name, which has no check digit, is as ambiguous.
	got, err = mrz.Decode(zone(t, lines, map[[2]int]glimpse{{0, 6}: {'R': 0.5, 'K': 0.49}}), nil, now)
	require.NoError(t, err)
	require.Equal(t, mrz.Ambiguous, got.State)
}

func TestDecodeIsUnsureOfWhatSatisfiesNothing(t *testing.T) {
	lines := strings.Split(specimens["TD3"].zone, "\n")
	lines[1] = lines[1][:43] + "7"
	got, err := mrz.Decode(zone(t, lines, nil), nil, now)
	require.NoError(t, err)
	require.NotEqual(t, mrz.Read, got.State)

	lines = strings.Split(specimens["TD3"].zone, "\n")
	lines[0] = "P<QQQ" + lines[0][5:]
	got, err = mrz.Decode(zone(t, lines, nil), nil, now)
	require.NoError(t, err)
	require.NotEqual(t, mrz.Read, got.State)
}

// Lines of text are no zone, nor are those of too few frames.
func TestDecodeTellsTextFromZones(t *testing.T) {
	got, err := mrz.Decode(zone(t, strings.Split(specimens["TD2"].zone, "\n"), nil), nil, now)
	require.NoError(t, err)
	require.Greater(t, got.Fit, -0.1)
	_, err = mrz.Decode(zone(t, []string{"THE<QUICK<BROWN<FOX<JUMPS<OVER<THE<LAZY<DOG", "AND<THEN<IT<RAN<AWAY<INTO<THE<WOODS<OF<OAK"}, nil), nil, now)
	require.ErrorIs(t, err, mrz.ErrFormat)
	for _, lines := range [][]string{nil, {"A"}, {"P<UTO", "L8"}, {"I", "7", "E"}, {"", ""}} {
		_, err := mrz.Decode(zone(t, lines, nil), nil, now)
		require.ErrorIs(t, err, mrz.ErrFormat, lines)
	}
}

// Views that see different things clearly are read together.
func TestDecodeTakesSeveralViews(t *testing.T) {
	lines := strings.Split(specimens["TD3"].zone, "\n")
	half := func(from, to int) mrz.Line {
		doubts := map[int]glimpse{}
		for i := from; i < to; i++ {
			doubts[i] = glimpse{lines[0][i]: 0.3, 'X': 0.6}
		}
		return seen(t, lines[0], 1+from/20, doubts)
	}
	lower := []mrz.Line{seen(t, lines[1], 1, nil), seen(t, lines[1], 3, nil)}
	one, other := half(5, 22), half(28, 44)
	for _, alone := range []mrz.Line{one, other} {
		got, err := mrz.Decode([][]mrz.Line{{alone}, lower}, nil, now)
		require.NoError(t, err)
		require.NotEqual(t, lines, got.Lines)
	}
	got, err := mrz.Decode([][]mrz.Line{{one, other}, lower}, nil, now)
	require.NoError(t, err)
	require.Equal(t, lines, got.Lines)
}

func TestAlphabetFolds(t *testing.T) {
	_, err := mrz.NewAlphabet(classes[:37])
	require.ErrorIs(t, err, mrz.ErrField)

	// Small letters, full-width ones and quotation marks count as what they look
	// like, other classes as nothing, and probabilities of any size are shares.
	more := append(append([]string{}, classes...), "a", "ｂ", "«", "é", "漢", "ab", "")
	alphabet, err := mrz.NewAlphabet(more)
	require.NoError(t, err)
	line := "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
	lower := strings.Split(specimens["TD3"].zone, "\n")[1]
	fold := func(s string) mrz.Line {
		var p []float32
		for i := range len(s) {
			f := make([]float32, len(more))
			switch s[i] {
			case 'A':
				f[38] = 0.5
			case 'B':
				f[39] = 0.5
			case '<':
				f[40] = 0.5
			default:
				f[1+strings.IndexByte(mrz.Characters, s[i])] = 0.5
			}
			f[42] = 0.5
			blank := make([]float32, len(more))
			blank[0] = 1
			p = append(append(p, f...), blank...)
		}
		return alphabet.Fold(p)
	}
	got, err := mrz.Decode([][]mrz.Line{{fold(line)}, {fold(lower)}}, nil, now)
	require.NoError(t, err)
	require.Equal(t, []string{line, lower}, got.Lines)
	require.Equal(t, mrz.Read, got.State)
}
