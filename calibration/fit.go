package calibration

import (
	"fmt"
	"math"
)

const (
	// LeastPeople is the fewest people that anything is fitted to.
	LeastPeople = 50
	// enoughPeople is how many it takes for the usual rates of 1:1
	// comparisons (1e-4) to be more than a guess.
	enoughPeople = 800
	// ruleOf30 is how many errors must be seen before their rate is known
	// within ±30 % (Doddington and others, "The NIST speaker recognition
	// evaluation", 2000).
	ruleOf30 = 30
	// tailRate is the FMR below which the table follows the fitted tail, and
	// tailPairs how many pairs of people the tail needs; a small sample starts
	// its tail at a higher rate.
	tailRate  = 1e-4
	tailPairs = 100
	// lastRate is the FMR of the last knot.
	lastRate = 1e-8
	// suspectPairs is how many pairs at or above a cosine the table expects
	// at most where a pair there is more likely one person under two names.
	suspectPairs = 0.1
	// tailRounds is how often the tail is fitted again without its suspects;
	// three settle it.
	tailRounds = 5
	// wantedFPIR is the rate for which a fit says how large a gallery may be.
	wantedFPIR = 0.01
	// leastSpread is the least distance of the median cosine to the tail.
	leastSpread = 0.01
	// studentT is the 97.5 % point of Student's t with groups-1 degrees of
	// freedom, and normal that of the normal distribution.
	studentT = 2.262
	normal   = 1.96
)

// bodyRates are the rates of the knots above the tail.
var bodyRates = []float64{
	0.99, 0.95, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.05, 0.02, 0.01,
	5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4,
}

// reportRates are the rates whose thresholds a fit reports.
var reportRates = []float64{1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6}

// Fit is a table fitted to a sample, and how far it can be trusted.
type Fit struct {
	Table Table `json:"table"`
	// People, Impostors and Mates are the sample's.
	People    int `json:"people"`
	Impostors int `json:"impostors"`
	Mates     int `json:"mates"`
	// LeastFMR is the lowest false-match rate that so many pairs of people can
	// show (rule of three), and LargestGallery how many faces a gallery may have
	// for that to be enough for an FPIR of 1 %; 0 when none is.
	LeastFMR       float64 `json:"least_fmr"`
	LargestGallery int     `json:"largest_gallery"`
	// Rates are the thresholds of the usual false-match rates.
	Rates []Rate `json:"rates"`
	// Checks compare what a table of one half of the people promises with
	// what the other half shows.
	Checks []Check `json:"checks"`
	// Suspects are pairs of different people so alike that they may be one
	// person under two names, most alike first.
	Suspects []Pair `json:"suspects"`
	// Warnings say in words what the sample cannot tell.
	Warnings []string `json:"warnings"`
}

// Rate is the threshold of a false-match rate.
type Rate struct {
	FMR    float64 `json:"fmr"`
	Cosine float64 `json:"cosine"`
	// CosineLow and CosineHigh hold the threshold with 95 % confidence, as
	// other people were drawn (delete-a-group jackknife).
	CosineLow  float64 `json:"cosine_low"`
	CosineHigh float64 `json:"cosine_high"`
	// FNMR is the false-non-match rate there; nil when no person has two
	// photos.
	FNMR *Proportion `json:"fnmr,omitempty"`
	// Extrapolated says that the data show too few pairs at this rate.
	Extrapolated bool `json:"extrapolated"`
}

// Proportion is a measured share with its 95 % interval (Wilson, 1927).
type Proportion struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Check compares a promised with a measured false-match rate.
type Check struct {
	FMR      float64 `json:"fmr"`
	Cosine   float64 `json:"cosine"`
	Measured float64 `json:"measured"`
}

// Fit makes a table of the sample: the measured rates above the tail, and
// below them an exponential tail, which is what the excesses of impostor
// cosines over a high threshold follow. It is ErrSample when the sample has
// fewer than 50 people. The same sample gives the same fit.
func (s *Sample) Fit(source string) (*Fit, error) {
	if err := Enough(s.People); err != nil {
		return nil, err
	}
	whole := s.impostors(everyone)
	table, err := fitTable(whole)
	if err != nil {
		return nil, err
	}
	table.Source = source
	f := &Fit{Table: table, People: s.People, Impostors: s.Impostors, Mates: s.Mates, LeastFMR: leastRate(s.People)}
	f.LargestGallery = int(math.Log1p(-wantedFPIR) / math.Log1p(-f.LeastFMR))
	if err := s.rates(f); err != nil {
		return nil, err
	}
	f.Table.Misses = misses(f.Rates)
	if err := s.checks(f); err != nil {
		return nil, err
	}
	for _, p := range s.Alike {
		if whole.total()*table.FMR(p.Cosine) < suspectPairs {
			f.Suspects = append(f.Suspects, p)
		}
	}
	f.warn()
	return f, nil
}

// misses are the rates' points, rising, as far as any pair of mates was missed.
func misses(rates []Rate) (all []Miss) {
	for _, r := range rates {
		if r.FNMR == nil || !(r.FNMR.Share > 0 && r.FNMR.Share < 1) {
			continue
		}
		if last := len(all) - 1; last < 0 || r.Cosine > all[last].Cosine && r.FNMR.Share >= all[last].FNMR {
			all = append(all, Miss{r.Cosine, r.FNMR.Share})
		}
	}
	return all
}

// Enough is ErrSample for fewer than LeastPeople.
func Enough(people int) error {
	if people >= LeastPeople {
		return nil
	}
	return fmt.Errorf("%w: %d people with photos that can be compared; need at least %d, since %d pairs of strangers show no false-match rate below %.2g, even if not one pair is alike (rule of three)",
		ErrSample, people, LeastPeople, pairsOf(people), leastRate(people))
}

// pairsOf is how many pairs so many people make.
func pairsOf(people int) int { return people * (people - 1) / 2 }

// leastRate is the lowest rate that so many people's pairs can show: when none of n
// errs, the rate is below 3/n with 95 % confidence (the rule of three; Hanley and
// Lippman-Hand, "If nothing goes wrong, is everything all right?", 1983).
func leastRate(people int) float64 {
	const ruleOf3 = 3
	return min(1, ruleOf3/float64(max(1, pairsOf(people))))
}

func everyone(int) bool { return true }

// fitTable fits a table to the impostors of a curve, whose weight is the
// number of pairs of people.
func fitTable(c curve) (Table, error) {
	pairs := c.total()
	start := max(tailRate, tailPairs/pairs)
	t := Table{Knots: []Knot{{Cosine: -1, FMR: 1}}, Measured: min(1, ruleOf30/pairs)}
	for _, rate := range bodyRates {
		if rate > start {
			t.Knots = append(t.Knots, Knot{Cosine: c.cosine(rate), FMR: rate})
		}
	}
	low := c.cosine(start)
	if low-c.cosine(0.5) < leastSpread {
		return Table{}, fmt.Errorf("%w: the faces hardly differ", ErrSample)
	}
	t.Knots = append(t.Knots, Knot{Cosine: low, FMR: start})
	decay := c.decay(low, pairs)
	last := Knot{Cosine: low + math.Log(start/lastRate)/decay, FMR: lastRate}
	if last.Cosine > 1 {
		last = Knot{Cosine: 1, FMR: start * math.Exp(float64(-decay*(1-low)))}
	}
	t.Knots = append(t.Knots, last)
	if err := t.Validate(); err != nil {
		return Table{}, fmt.Errorf("fit: %w", err)
	}
	return t, nil
}

// decay is the maximum-likelihood rate of an exponential tail above low. Pairs
// so far out that fewer than suspectPairs are expected there are left out,
// since one person under two names would move the whole tail; the first guess,
// by the median excess, does not see them.
func (c curve) decay(low, pairs float64) float64 {
	start := c.rate(low)
	decay := math.Ln2 / (c.cosine(start/2) - low)
	for range tailRounds {
		high := min(1, low+math.Log(start*pairs/suspectPairs)/decay)
		beyond := c.rate(high)
		decay = (start - beyond) / (c.integral(low, high) - float64(beyond*(high-low)))
	}
	return decay
}

// integral is that of the rate from one cosine to another.
func (c curve) integral(low, high float64) float64 {
	const width = 2.0 / bins
	steps := math.Ceil((high - low) / width)
	step, sum := (high-low)/steps, 0.0
	for i := range int(steps) {
		sum += float64((c.rate(low+float64(float64(i)*step)) + c.rate(low+float64(float64(i+1)*step))) / 2 * step)
	}
	return sum
}

// rates fills in the thresholds with their intervals.
func (s *Sample) rates(f *Fit) error {
	left := make([]Table, 0, groups)
	for g := range groups {
		t, err := fitTable(s.impostors(func(other int) bool { return other != g }))
		if err != nil {
			return err
		}
		left = append(left, t)
	}
	mates := s.mates(everyone)
	for _, rate := range reportRates {
		r := Rate{FMR: rate, Cosine: f.Table.Threshold(rate), Extrapolated: f.Table.Extrapolated(rate)}
		thresholds := make([]float64, groups)
		for g, t := range left {
			thresholds[g] = t.Threshold(rate)
		}
		half := halfWidth(thresholds)
		r.CosineLow, r.CosineHigh = max(-1, r.Cosine-half), min(1, r.Cosine+half)
		if n := mates.total(); n > 0 {
			p := NewProportion(1-mates.rate(r.Cosine), n)
			r.FNMR = &p
		}
		f.Rates = append(f.Rates, r)
	}
	return nil
}

// halfWidth is half of the 95 % interval of an estimate, by what it is with each
// group of people left out (delete-a-group jackknife).
func halfWidth(left []float64) float64 {
	mean, sum := 0.0, 0.0
	for _, v := range left {
		mean += v / groups
	}
	for _, v := range left {
		d := v - mean
		sum += float64(d * d)
	}
	return float64(studentT * math.Sqrt(sum*(groups-1)/groups))
}

// NewProportion is a share of n independent trials with its interval, which is
// all of [0, 1] when there were none.
func NewProportion(share, n float64) Proportion {
	if n <= 0 {
		return Proportion{High: 1}
	}
	const z2 = normal * normal
	centre := (share + z2/(2*n)) / (1 + z2/n)
	half := float64(normal / (1 + z2/n) * math.Sqrt(share*(1-share)/n+z2/(4*n*n)))
	return Proportion{Share: share, Low: max(0, centre-half), High: min(1, centre+half)}
}

// checks fits a table to the even groups and looks at it in the odd ones.
func (s *Sample) checks(f *Fit) error {
	t, err := fitTable(s.impostors(func(g int) bool { return g%2 == 0 }))
	if err != nil {
		return err
	}
	other := s.impostors(func(g int) bool { return g%2 == 1 })
	for _, rate := range reportRates {
		if rate*other.total() < ruleOf30 {
			break
		}
		c := Check{FMR: rate, Cosine: t.Threshold(rate)}
		c.Measured = other.rate(c.Cosine)
		f.Checks = append(f.Checks, c)
	}
	return nil
}

// warn says what the sample cannot tell.
func (f *Fit) warn() {
	say := func(format string, args ...any) {
		f.Warnings = append(f.Warnings, fmt.Sprintf(format, args...))
	}
	if f.People < enoughPeople {
		say("%d people are too few to know false-match rates below %.1g; thresholds for lower rates are stricter than need be. %d people or more would do.",
			f.People, f.Table.Measured, enoughPeople)
	}
	if f.Mates == 0 {
		say("no person has two photos, so nothing is known of how often a known person is missed.")
	}
	for _, c := range f.Checks {
		if c.Measured > 2*c.FMR || c.Measured < c.FMR/2 {
			say("a table of one half of the people promises a false-match rate of %.1g, and the other half shows %.1g.", c.FMR, c.Measured)
		}
	}
	if n := len(f.Suspects); n > 0 {
		say("%d pairs of different people are so alike that they may be one person under two names; look at them.", n)
	}
}
