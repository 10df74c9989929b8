package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"oneton/access"
	"oneton/audit"
	"oneton/credential"
	"oneton/message"
	"oneton/server"
	dialect "oneton/server/facenition"
	"oneton/store/sqlite"
)

type credentialsCommand struct {
	Pairs int    `help:"Pairs with an account, and as many without; each is asked once by every call." default:"2000"`
	Seed  uint64 `help:"Seed of the order in which they come." default:"1"`
	Out   string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// apart is whether two samples of times can be told apart.
type apart struct {
	// Known and Unknown are the medians in microseconds.
	Known   float64 `json:"median_known_us"`
	Unknown float64 `json:"median_unknown_us"`
	// Advantage is how much more often than half a time of a known pair is longer
	// than one of an unknown pair: the area under the ROC curve, less a half. Low and
	// High bound it in 95 of 100 runs.
	Advantage float64 `json:"advantage"`
	Low       float64 `json:"advantage_low"`
	High      float64 `json:"advantage_high"`
	// MannWhitney and KolmogorovSmirnov are the probabilities of as great a
	// difference between samples of one distribution.
	MannWhitney       float64 `json:"p_mann_whitney"`
	KolmogorovSmirnov float64 `json:"p_kolmogorov_smirnov"`
	// Told is the least delay of one side, in microseconds, for which the first of
	// them would be below 0.01.
	Told float64 `json:"least_delay_told_us"`
	// Alike tells whether every answer was the same on both sides.
	Alike  bool   `json:"answers_alike"`
	Answer string `json:"answer"`
}

// Run measures how long calls take for pairs with and without an account, one after
// the other in an order that is drawn anew for each call.
func (c *credentialsCommand) Run(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp("", "oneton-bench-*")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	d, err := openDesk(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.db.Close()) }()
	known, unknown := c.pairs("a", "2"), c.pairs("b", "3")
	if err := d.makeAccounts(ctx, known); err != nil {
		return err
	}
	results := map[string]map[string]apart{}
	measure := func(by string, calls map[string]func(p asking) string) error {
		// Accounts are older than what is kept of the codes that made them.
		const later = 25 * time.Hour
		if _, err := d.Sweep(ctx, time.Now().Add(later)); err != nil {
			return err
		}
		results[by] = map[string]apart{}
		for _, name := range []string{"codes_asked_for", "wrong_codes", "token_without_verification"} {
			results[by][name] = c.compare(known, unknown, calls[name])
		}
		return nil
	}
	err = measure("service", map[string]func(p asking) string{
		"codes_asked_for": func(p asking) string { return fmt.Sprint(d.Begin(ctx, p.from, p.email, p.phone)) },
		"wrong_codes": func(p asking) string {
			_, err := d.Verify(ctx, p.from, p.email, p.phone, "000000", "x")
			return fmt.Sprint(err)
		},
		"token_without_verification": func(p asking) string {
			_, err := d.Claim(ctx, p.from, p.email, p.phone, "")
			return fmt.Sprint(err)
		},
	})
	if err != nil {
		return err
	}
	err = d.serve(func(post func(path string, form url.Values) string) error {
		pair := func(p asking) url.Values { return url.Values{"email": {p.email}, "phone": {p.phone}} }
		return measure("http", map[string]func(p asking) string{
			"codes_asked_for": func(p asking) string { return post("/new-credentials", pair(p)) },
			"wrong_codes": func(p asking) string {
				form := pair(p)
				form.Set("email_code", "000000")
				form.Set("phone_code", "x")
				return post("/authenticate-credentials", form)
			},
			"token_without_verification": func(p asking) string { return post("/generateToken", pair(p)) },
		})
	})
	if err != nil {
		return err
	}
	return save(c.Out, "credentials", c, results)
}

// serve lets do post forms to the calls of version 2 of a server on this machine, of
// which it is told status and body.
func (d desk) serve(do func(post func(path string, form url.Values) string) error) error {
	const prefix = "/facenition"
	s, err := server.New(server.DefaultConfig(), server.Health{}, zerolog.Nop(),
		dialect.New(dialect.Config{Prefix: prefix}, nil, nil, nil, d.Service, d.keys))
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	var serving errgroup.Group
	serving.Go(func() error { return s.Serve(ln) })
	err = do(func(path string, form url.Values) string {
		answer, err := http.PostForm("http://"+ln.Addr().String()+prefix+"/v2"+path, form)
		if err != nil {
			return err.Error()
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(answer.StatusCode, " ", string(body))
	})
	http.DefaultClient.CloseIdleConnections()
	return errors.Join(err, s.Shutdown(context.Background()), serving.Wait())
}

// asking is whom a request names, and who makes it.
type asking struct {
	email, phone string
	from         credential.Caller
}

func (c *credentialsCommand) pairs(side, digit string) []asking {
	pairs := make([]asking, c.Pairs)
	for i := range pairs {
		pairs[i] = asking{
			email: fmt.Sprintf("%s%06d@example.org", side, i), phone: fmt.Sprintf("+4179%s%06d", digit, i),
			from: credential.Caller{Source: fmt.Sprint(side, i), Certain: true},
		}
	}
	return pairs
}

// desk is a service whose limits hold nobody, and which writes codes to files.
type desk struct {
	*credential.Service
	db   *sqlite.Store
	keys *access.Access
	post *overheard
}

// overheard knows the codes that were handed over.
type overheard struct {
	*message.Post
	codes sync.Map
}

func (o *overheard) Email(ctx context.Context, address, code string, valid time.Duration) error {
	o.codes.Store(address, code)
	return o.Post.Email(ctx, address, code, valid)
}

func (o *overheard) SMS(ctx context.Context, number, code string, valid time.Duration) error {
	o.codes.Store(number, code)
	return o.Post.SMS(ctx, number, code, valid)
}

func (o *overheard) code(of string) string {
	code, _ := o.codes.Load(of)
	text, _ := code.(string)
	return text
}

func openDesk(ctx context.Context, folder string) (_ desk, err error) {
	db, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(folder, "oneton.db")})
	if err != nil {
		return desk{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if err := errors.Join(audit.Migrate(ctx, db), credential.Migrate(ctx, db)); err != nil {
		return desk{}, err
	}
	key := make([]byte, access.MinPepper)
	keys, err := access.New([][]byte{key}, db)
	if err != nil {
		return desk{}, err
	}
	messages := message.DefaultConfig()
	messages.Outbox = filepath.Join(folder, "outbox")
	post, err := message.New(messages, "")
	if err != nil {
		return desk{}, err
	}
	cfg := credential.DefaultConfig()
	free := credential.Limit{Burst: math.MaxInt32, Every: time.Nanosecond}
	cfg.Limits = credential.Limits{Resend: free, Address: free, Asks: free, Guesses: free, Opens: free, Rotations: free}
	cfg.Sends = math.MaxInt32
	d := desk{db: db, keys: keys, post: &overheard{Post: post}}
	d.Service, err = credential.New(cfg, db, keys, [][]byte{key}, d.post)
	return d, err
}

// makeAccounts verifies pairs and has a token for each.
func (d desk) makeAccounts(ctx context.Context, pairs []asking) error {
	const atOnce = 64 // which share commits
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(atOnce)
	for _, p := range pairs {
		work.Go(func() error {
			if err := d.Begin(ctx, p.from, p.email, p.phone); err != nil {
				return err
			}
			ticket, err := d.Verify(ctx, p.from, p.email, p.phone, d.post.code(p.email), d.post.code(p.phone))
			if err != nil {
				return err
			}
			_, err = d.Claim(ctx, p.from, p.email, p.phone, ticket)
			return err
		})
	}
	return work.Wait()
}

// compare makes the call for every pair of both sides, in an order of its own.
func (c *credentialsCommand) compare(known, unknown []asking, call func(p asking) string) apart {
	sides := [2][]asking{known, unknown}
	var took [2][]float64
	answers := [2]map[string]bool{{}, {}}
	rng := rand.New(rand.NewPCG(c.Seed, uint64(len(known)))) //nolint:gosec // an order
	order := rng.Perm(2 * len(known))
	for _, i := range order {
		side := i % 2
		p := sides[side][i/2]
		began := time.Now()
		answer := call(p)
		took[side] = append(took[side], float64(time.Since(began).Nanoseconds())/float64(time.Microsecond))
		answers[side][answer] = true
	}
	r := tell(took[0], took[1])
	r.Alike = len(answers[0]) == 1 && maps.Equal(answers[0], answers[1])
	r.Answer = strings.Join(slices.Sorted(maps.Keys(answers[0])), "; ")
	return r
}

// significant is the probability below which a difference counts.
const significant = 0.01

// tell tells two samples apart as well as it can.
func tell(a, b []float64) apart {
	u, p := mannWhitney(a, b)
	n := float64(len(a) * len(b))
	// The standard error of the area where nothing differs (Hanley and McNeil, 1982).
	const sided = 1.96
	se := sided * math.Sqrt((float64(len(a)+len(b))+1)/(12*n))
	sortedA, sortedB := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	d := stat.KolmogorovSmirnov(sortedA, nil, sortedB, nil)
	return apart{
		Known: median(a), Unknown: median(b), Advantage: u/n - 0.5, Low: u/n - 0.5 - se, High: u/n - 0.5 + se,
		MannWhitney: p, KolmogorovSmirnov: kolmogorov(d, len(a), len(b)), Told: leastTold(b),
	}
}

// mannWhitney is the statistic U of a over b, and how probable one so far from its
// mean is when both are of one distribution, by the normal approximation with mid-ranks
// for ties.
func mannWhitney(a, b []float64) (u, p float64) {
	type value struct {
		of float64
		a  bool
	}
	all := make([]value, 0, len(a)+len(b))
	for _, v := range a {
		all = append(all, value{v, true})
	}
	for _, v := range b {
		all = append(all, value{v, false})
	}
	slices.SortFunc(all, func(x, y value) int { return cmp.Compare(x.of, y.of) })
	ranks, ties := 0.0, 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].of == all[i].of {
			j++
		}
		for k := i; k < j; k++ {
			if all[k].a {
				ranks += float64(i+j+1) / 2
			}
		}
		t := float64(j - i)
		ties += t*t*t - t
		i = j
	}
	m, n := float64(len(a)), float64(len(b))
	u = ranks - m*(m+1)/2
	deviation := math.Sqrt(m * n / 12 * (m + n + 1 - ties/((m+n)*(m+n-1))))
	return u, 2 * distuv.UnitNormal.Survival(math.Abs(u-m*n/2)/deviation)
}

// kolmogorov is how probable a distance of d or more is, by the asymptotic series.
func kolmogorov(d float64, m, n int) float64 {
	size := math.Sqrt(float64(m) * float64(n) / float64(m+n))
	x := d * (size + 0.12 + 0.11/size) // Stephens, 1970
	// Below, the probability is 1 within 1e-12, and the series has not settled.
	if x < 0.2 {
		return 1
	}
	p := 0.0
	const terms = 100
	for k := 1.0; k <= terms; k++ {
		p += 2 * math.Pow(-1, k-1) * math.Exp(-2*k*k*x*x)
	}
	return min(max(p, 0), 1)
}

// leastTold is the least delay, in the sample's unit, by which every other value
// would have to come later for the rest to be told from them.
func leastTold(sample []float64) float64 {
	const step = 1.05
	for delay := 1.0; ; delay *= step {
		var on, off []float64
		for i, v := range sample {
			if i%2 == 0 {
				on = append(on, v)
			} else {
				off = append(off, v+delay)
			}
		}
		if u, p := mannWhitney(off, on); p < significant && u > float64(len(on)*len(off))/2 {
			return delay
		}
	}
}
