package credential_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/audit"
	"oneton/credential"
	"oneton/store"
	"oneton/store/storetest"
)

const (
	email = "ada@example.org"
	phone = "+41791234567"
)

var key = []byte("a key of at least thirty-two bytes")

// post is where codes arrive.
type post struct {
	mu     sync.Mutex
	email  map[string]string
	sms    map[string]string
	sent   int
	failed error
}

func newPost() *post { return &post{email: map[string]string{}, sms: map[string]string{}} }

func (p *post) Email(_ context.Context, address, code string, _ time.Duration) error {
	return p.deliver(p.email, address, code)
}

func (p *post) SMS(_ context.Context, number, code string, _ time.Duration) error {
	return p.deliver(p.sms, number, code)
}

func (p *post) deliver(to map[string]string, address, code string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	to[address] = code
	p.sent++
	return p.failed
}

// clock stands still unless it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// desk is a service on one of two handles of a database, as replicas have them.
type desk struct {
	*credential.Service
	other  *credential.Service
	access *access.Access
	db     storetest.Store
	post   *post
	clock  *clock
}

var here = credential.Caller{Source: "192.0.2.1/32", Certain: true, Request: "r-1"}

// from is a caller whom no limit holds yet.
func from(i int) credential.Caller {
	return credential.Caller{Source: fmt.Sprint("source ", i), Certain: true}
}

// TestService runs each test on every engine, in a database with nothing of another.
func TestService(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		for name, test := range map[string]struct {
			change func(*credential.Config)
			run    func(t *testing.T, d desk)
		}{
			"pair gets token":            {run: testPairGetsToken},
			"thousand guesses at once":   {run: testThousandGuessesAtOnce},
			"right codes at once":        {run: testRightCodesAtOnce},
			"codes end":                  {run: testCodesEnd},
			"claim by source":            {run: testClaimBySource},
			"claims in vain":             {run: testClaimsInVain},
			"unverified tenants":         {func(c *credential.Config) { c.Unverified = 3 }, testUnverifiedTenants},
			"unverified tenants at once": {func(c *credential.Config) { c.Unverified = 3 }, testUnverifiedTenantsAtOnce},
			"verified pairs only":        {func(c *credential.Config) { c.Unverified = 0 }, testVerifiedPairsOnly},
			"tokens":                     {run: testTokens},
			"erased account":             {run: testErasedAccount},
			"failed delivery":            {run: testFailedDelivery},
			"limits":                     {run: testLimits},
			"limits of asking":           {run: testLimitsOfAsking},
			"limit of all":               {func(c *credential.Config) { c.Sends = 10 }, testLimitOfAll},
			"nothing in the clear":       {run: testNothingInTheClear},
			"two keys":                   {run: testTwoKeys},
		} {
			t.Run(name, func(t *testing.T) { test.run(t, newDesk(t, open, test.change)) })
		}
	})
}

func newDesk(t *testing.T, open storetest.Open, change func(*credential.Config)) desk {
	t.Helper()
	d := desk{post: newPost(), clock: &clock{at: time.Now().UTC().Truncate(time.Microsecond)}}
	cfg := credential.DefaultConfig()
	cfg.Scopes, cfg.Now = []string{"identity:generate"}, d.clock.now
	if change != nil {
		change(&cfg)
	}
	for _, s := range []**credential.Service{&d.Service, &d.other} {
		d.db = open(t)
		require.NoError(t, audit.Migrate(t.Context(), d.db))
		require.NoError(t, credential.Migrate(t.Context(), d.db))
		var err error
		d.access, err = access.New([][]byte{key}, d.db)
		require.NoError(t, err)
		*s, err = credential.New(cfg, d.db, d.access, [][]byte{key}, d.post)
		require.NoError(t, err)
	}
	require.NoError(t, d.db.Update(t.Context(), "forget the test before", func(tx store.Tx) error {
		for _, table := range []string{"tenants", "credential_challenges", "credential_limits"} {
			if _, err := tx.Exec(`DELETE FROM ` + table); err != nil {
				return err
			}
		}
		return nil
	}))
	return d
}

// verify brings a pair to its ticket.
func (d desk) verify(t *testing.T, by credential.Caller, email, phone string) (ticket string) {
	t.Helper()
	require.NoError(t, d.Begin(t.Context(), by, email, phone))
	ticket, err := d.other.Verify(t.Context(), by, email, phone, d.post.email[email], d.post.sms[phone])
	require.NoError(t, err)
	return ticket
}

func testPairGetsToken(t *testing.T, d desk) {
	ctx := t.Context()
	_, err := d.Claim(ctx, here, email, phone, "")
	require.ErrorIs(t, err, credential.ErrUnverified, "nothing was verified")
	require.NoError(t, d.Begin(ctx, here, "ada@EXAMPLE.org ", "+41 79 123 45 67"))
	require.Regexp(t, `^[0-9]{6}$`, d.post.email[email])
	require.Regexp(t, `^[0-9]{6}$`, d.post.sms[phone])
	_, err = d.Claim(ctx, here, email, phone, "")
	require.ErrorIs(t, err, credential.ErrUnverified)
	_, err = d.Verify(ctx, here, email, phone, d.post.email[email], "12345")
	require.ErrorIs(t, err, credential.ErrCode)
	_, err = d.Verify(ctx, here, email, phone, d.post.sms[phone], d.post.email[email])
	require.ErrorIs(t, err, credential.ErrCode, "each code is of its address")
	ticket, err := d.other.Verify(ctx, here, email, phone, d.post.email[email], " "+d.post.sms[phone]+"\n")
	require.NoError(t, err)
	_, err = d.Verify(ctx, here, email, phone, d.post.email[email], d.post.sms[phone])
	require.ErrorIs(t, err, credential.ErrCodeEnded, "codes are right once")

	token, err := d.Claim(ctx, here, email, phone, ticket)
	require.NoError(t, err)
	require.Equal(t, d.clock.at.Add(90*24*time.Hour), token.Ends)
	p, err := d.access.Authenticate(ctx, token.Text)
	require.NoError(t, err)
	require.Equal(t, access.Principal{Tenant: token.Tenant, KeyID: token.ID, Scopes: []string{"identity:generate"}}, p)
	for _, again := range []string{ticket, ""} {
		_, err = d.Claim(ctx, here, email, phone, again)
		require.ErrorIs(t, err, credential.ErrUnverified, "one token for each verification")
	}

	d.clock.pass(time.Hour)
	again, err := d.other.Claim(ctx, here, email, phone, d.verify(t, here, email, phone))
	require.NoError(t, err)
	require.Equal(t, token.Tenant, again.Tenant, "an account keeps its tenant")
	require.NotEqual(t, token.Text, again.Text)
	other, err := d.Claim(ctx, here, email, "+41791234568", d.verify(t, here, email, "+41791234568"))
	require.NoError(t, err)
	require.NotEqual(t, token.Tenant, other.Tenant, "a pair is both addresses")
	found, err := d.Account(ctx, email, phone)
	require.NoError(t, err)
	require.Equal(t, token.Tenant, found)

	deeds, _, err := audit.NewDeeds(d.db).List(ctx, audit.Query{Tenant: token.Tenant, Limit: 10})
	require.NoError(t, err)
	require.Len(t, deeds, 3)
	require.Equal(t, []audit.Verb{audit.KeyCreated, audit.KeyCreated, audit.TenantCreated}, []audit.Verb{deeds[0].Verb, deeds[1].Verb, deeds[2].Verb})
	require.Equal(t, "r-1", deeds[1].Request)
}

// Of 1,000 guesses at once on two replicas, one of them right, five are looked at.
func testThousandGuessesAtOnce(t *testing.T, d desk) {
	require.NoError(t, d.Begin(t.Context(), here, email, phone))
	for name, pair := range map[string][2]string{"asked": {email, phone}, "never asked": {"eve@example.org", phone}} {
		errs := make([]error, 1000)
		var group sync.WaitGroup
		for i := range errs {
			s := []*credential.Service{d.Service, d.other}[i%2]
			group.Go(func() {
				// What is told to be unavailable has changed nothing.
				for again := true; again; again = errors.Is(errs[i], store.ErrUnavailable) {
					_, errs[i] = s.Verify(t.Context(), from(i), pair[0], pair[1], fmt.Sprintf("%06d", i), d.post.sms[phone])
				}
			})
		}
		group.Wait()
		wrong, ended := 0, 0
		for _, err := range errs {
			switch {
			case errors.Is(err, credential.ErrCode), err == nil:
				wrong++
			case errors.Is(err, credential.ErrCodeEnded):
				ended++
			default:
				require.NoError(t, err)
			}
		}
		require.Equal(t, 5, wrong, name)
		require.Equal(t, 995, ended, name)
	}
	_, err := d.Verify(t.Context(), here, email, phone, d.post.email[email], d.post.sms[phone])
	require.ErrorIs(t, err, credential.ErrCodeEnded, "nor is the right one then")

	d.clock.pass(time.Hour)
	d.verify(t, here, email, phone)
}

// Right codes at once are right once.
func testRightCodesAtOnce(t *testing.T, d desk) {
	require.NoError(t, d.Begin(t.Context(), here, email, phone))
	errs, tickets := make([]error, 5), make([]string, 5)
	var group sync.WaitGroup
	for i := range errs {
		s := []*credential.Service{d.Service, d.other}[i%2]
		group.Go(func() {
			tickets[i], errs[i] = s.Verify(t.Context(), from(i), email, phone, d.post.email[email], d.post.sms[phone])
		})
	}
	group.Wait()
	ticket := ""
	for i, err := range errs {
		if err == nil {
			require.Empty(t, ticket)
			ticket = tickets[i]
			continue
		}
		require.ErrorIs(t, err, credential.ErrCodeEnded)
		require.Empty(t, tickets[i])
	}
	// And its ticket gives one token, of one tenant.
	tokens := make([]credential.Token, 20)
	claims := make([]error, len(tokens))
	for i := range claims {
		s := []*credential.Service{d.Service, d.other}[i%2]
		group.Go(func() { tokens[i], claims[i] = s.Claim(t.Context(), from(i), email, phone, ticket) })
	}
	group.Wait()
	given := 0
	for _, err := range claims {
		if err == nil {
			given++
			continue
		}
		require.ErrorIs(t, err, credential.ErrUnverified)
	}
	require.Equal(t, 1, given)
	tenants, err := d.db.Tenants(t.Context(), store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, tenants, 1)
}

// Codes end after ten minutes, which is told to who has them alone, and what a
// verification allows ends after ten more.
func testCodesEnd(t *testing.T, d desk) {
	ctx := t.Context()
	require.NoError(t, d.Begin(ctx, here, email, phone))
	first := d.post.email[email]
	d.clock.pass(10*time.Minute - time.Microsecond)
	require.NoError(t, d.Begin(ctx, here, email, "+41791234568"), "another pair")
	ticket, err := d.Verify(ctx, here, email, phone, first, d.post.sms[phone])
	require.NoError(t, err)
	d.clock.pass(10 * time.Minute)
	_, err = d.Claim(ctx, here, email, phone, ticket)
	require.ErrorIs(t, err, credential.ErrUnverified)
	_, err = d.Verify(ctx, here, email, "+41791234568", d.post.email[email], "000000")
	require.ErrorIs(t, err, credential.ErrCode)
	_, err = d.Verify(ctx, here, email, "+41791234568", d.post.email[email], d.post.sms["+41791234568"])
	require.ErrorIs(t, err, credential.ErrCodeEnded)

	// New codes take the place of old ones.
	d.clock.pass(time.Minute)
	require.NoError(t, d.Begin(ctx, here, email, phone))
	old := [2]string{d.post.email[email], d.post.sms[phone]}
	d.clock.pass(time.Minute)
	require.NoError(t, d.Begin(ctx, here, email, phone))
	_, err = d.Verify(ctx, here, email, phone, old[0], old[1])
	require.ErrorIs(t, err, credential.ErrCode)
	_, err = d.Verify(ctx, here, email, phone, d.post.email[email], d.post.sms[phone])
	require.NoError(t, err)

	// What is left of codes goes a day after.
	d.clock.pass(25 * time.Hour)
	_, err = d.Sweep(ctx, d.clock.at)
	require.NoError(t, err)
	for _, table := range []string{"credential_challenges", "credential_limits"} {
		n, err := store.One(ctx, d.db, "count", count, `SELECT count(*) FROM `+table)
		require.NoError(t, err)
		require.Zero(t, n, table)
	}
}

func count(row store.Row) (n int64, err error) {
	err = row.Scan(&n)
	return n, err
}

// Without the ticket, a token is had where the pair was verified and nowhere else.
func testClaimBySource(t *testing.T, d desk) {
	ctx := t.Context()
	unsure := credential.Caller{Source: here.Source}
	ticket := d.verify(t, here, email, phone)
	for name, by := range map[string]credential.Caller{"another source": from(1), "perhaps another": unsure} {
		_, err := d.Claim(ctx, by, email, phone, "")
		require.ErrorIs(t, err, credential.ErrUnverified, name)
	}
	_, err := d.Claim(ctx, here, email, phone, ticket+"A")
	require.ErrorIs(t, err, credential.ErrUnverified, "a wrong ticket is no missing one")
	_, err = d.Claim(ctx, here, "eve@example.org", phone, ticket)
	require.ErrorIs(t, err, credential.ErrUnverified)
	_, err = d.Claim(ctx, here, email, phone, "")
	require.NoError(t, err)

	// A source that is not certain claims by the ticket alone.
	d.clock.pass(time.Hour)
	ticket = d.verify(t, unsure, email, phone)
	for _, by := range []credential.Caller{unsure, here} {
		_, err = d.Claim(ctx, by, email, phone, "")
		require.ErrorIs(t, err, credential.ErrUnverified)
	}
	d.clock.pass(time.Minute)
	require.NoError(t, d.Begin(ctx, from(2), email, phone), "what others ask takes nothing away")
	_, err = d.Claim(ctx, from(3), email, phone, ticket)
	require.NoError(t, err)
}

// Whoever waits in the same network for the moment after another's verification may
// look but so often; the ticket goes on.
func testClaimsInVain(t *testing.T, d desk) {
	ctx := t.Context()
	ticket := d.verify(t, here, email, phone)
	for range credential.DefaultLimits().Guesses.Burst {
		_, err := d.Claim(ctx, here, "eve@example.org", phone, "")
		require.ErrorIs(t, err, credential.ErrUnverified)
	}
	for _, address := range []string{email, "eve@example.org"} {
		_, err := d.Claim(ctx, here, address, phone, "")
		require.ErrorIs(t, err, credential.ErrLimited, address)
	}
	_, err := d.Claim(ctx, from(1), "eve@example.org", phone, "")
	require.ErrorIs(t, err, credential.ErrUnverified, "another source")
	_, err = d.Claim(ctx, here, email, phone, ticket)
	require.NoError(t, err)
	d.clock.pass(credential.DefaultLimits().Guesses.Every)
	d.verify(t, here, email, phone)
	_, err = d.Claim(ctx, here, email, phone, "")
	require.NoError(t, err)
}

// Whoever verifies nothing gets what is nobody's, for a day.
func testUnverifiedTenants(t *testing.T, d desk) {
	ctx := t.Context()
	account, err := d.Claim(ctx, here, email, phone, d.verify(t, here, email, phone))
	require.NoError(t, err)
	seen := map[store.TenantID]bool{account.Tenant: true}
	var tokens []credential.Token
	for i := range 3 {
		token, err := d.Open(ctx, from(i), email, phone)
		require.NoError(t, err)
		require.Equal(t, d.clock.at.Add(24*time.Hour), token.Ends)
		require.False(t, seen[token.Tenant])
		seen[token.Tenant] = true
		tokens = append(tokens, token)
		d.clock.pass(time.Hour)
	}
	var limit *credential.LimitError
	_, err = d.Open(ctx, from(4), email, phone)
	require.ErrorAs(t, err, &limit)
	require.Equal(t, 21*time.Hour, limit.RetryAfter, "when the first of them ends")
	require.ErrorIs(t, err, credential.ErrLimited)

	rotated, err := d.Rotate(ctx, here, tokens[1].Text)
	require.NoError(t, err)
	require.Equal(t, tokens[1].Ends, rotated.Ends, "a token does not outlive its tenant")

	d.clock.pass(21 * time.Hour)
	_, err = d.Open(ctx, from(5), email, phone)
	require.NoError(t, err, "one that has ended holds nobody up until it is removed")
	n, err := d.Sweep(ctx, d.clock.at)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = d.db.Tenant(ctx, tokens[0].Tenant)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = d.db.Tenant(ctx, tokens[1].Tenant)
	require.NoError(t, err)
	_, err = d.access.Authenticate(ctx, tokens[0].Text)
	require.ErrorIs(t, err, access.ErrUnauthorized)
	_, err = d.Open(ctx, from(6), email, phone)
	require.ErrorAs(t, err, &limit)
	require.Equal(t, time.Hour, limit.RetryAfter)
}

func testVerifiedPairsOnly(t *testing.T, d desk) {
	_, err := d.Open(t.Context(), here, email, phone)
	require.ErrorIs(t, err, credential.ErrOff)
}

// However many ask at once, there are no more than may be.
func testUnverifiedTenantsAtOnce(t *testing.T, d desk) {
	errs := make([]error, 30)
	var group sync.WaitGroup
	for i := range errs {
		s := []*credential.Service{d.Service, d.other}[i%2]
		group.Go(func() { _, errs[i] = s.Open(t.Context(), from(i), email, phone) })
	}
	group.Wait()
	given := 0
	for _, err := range errs {
		if err == nil {
			given++
			continue
		}
		require.ErrorIs(t, err, credential.ErrLimited)
	}
	require.Equal(t, 3, given)
	tenants, err := d.db.Tenants(t.Context(), store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, tenants, 3)
}

func testTokens(t *testing.T, d desk) {
	ctx := t.Context()
	token, err := d.Claim(ctx, here, email, phone, d.verify(t, here, email, phone))
	require.NoError(t, err)
	told, err := d.other.Token(ctx, token.Text)
	require.NoError(t, err)
	require.Equal(t, credential.Token{ID: token.ID, Tenant: token.Tenant, Ends: token.Ends}, told)

	// Of many that rotate one token, one gets another, whichever replica they ask.
	tokens, errs := make([]credential.Token, 8), make([]error, 8)
	var group sync.WaitGroup
	for i := range errs {
		s := []*credential.Service{d.Service, d.other}[i%2]
		group.Go(func() { tokens[i], errs[i] = s.Rotate(ctx, here, token.Text) })
	}
	group.Wait()
	var next credential.Token
	for i, err := range errs {
		if err == nil {
			require.Empty(t, next)
			next = tokens[i]
			continue
		}
		require.ErrorIs(t, err, access.ErrUnauthorized)
	}
	require.Equal(t, token.Tenant, next.Tenant)
	for _, s := range []*credential.Service{d.Service, d.other} {
		_, err = s.Token(ctx, token.Text)
		require.ErrorIs(t, err, access.ErrUnauthorized)
		_, err = s.Token(ctx, next.Text)
		require.NoError(t, err)
	}
	require.NoError(t, d.Revoke(ctx, here, next.Text))
	_, err = d.other.Token(ctx, next.Text)
	require.ErrorIs(t, err, access.ErrUnauthorized)
	require.ErrorIs(t, d.Revoke(ctx, here, next.Text), access.ErrUnauthorized)
	_, err = d.Rotate(ctx, here, next.Text)
	require.ErrorIs(t, err, access.ErrUnauthorized)
	deeds, _, err := audit.NewDeeds(d.db).List(ctx, audit.Query{Tenant: token.Tenant, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, audit.Deed{At: deeds[0].At, Tenant: token.Tenant, Key: next.ID, Request: "r-1", Verb: audit.KeyRevoked, What: string(next.ID)}, deeds[0])

	// A key that an operator made is told of, and left to the operator.
	_, err = d.access.CreateTenant(ctx, "acme", "")
	require.NoError(t, err)
	made, _, err := d.access.Create(ctx, "acme", "", []string{access.All})
	require.NoError(t, err)
	told, err = d.Token(ctx, made)
	require.NoError(t, err)
	require.Zero(t, told.Ends)
	_, err = d.Rotate(ctx, here, made)
	require.ErrorIs(t, err, credential.ErrNotIssued)
	require.ErrorIs(t, d.Revoke(ctx, here, made), credential.ErrNotIssued)
	_, err = d.access.Authenticate(ctx, made)
	require.NoError(t, err)
}

// With an account everything of it goes.
func testErasedAccount(t *testing.T, d desk) {
	ctx := t.Context()
	token, err := d.Claim(ctx, here, email, phone, d.verify(t, here, email, phone))
	require.NoError(t, err)
	require.NoError(t, d.access.DeleteTenant(ctx, token.Tenant))
	_, err = d.Account(ctx, email, phone)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = d.Token(ctx, token.Text)
	require.ErrorIs(t, err, access.ErrUnauthorized)
	n, err := store.One(ctx, d.db, "count", count, `SELECT count(*) FROM credential_accounts`)
	require.NoError(t, err)
	require.Zero(t, n)
	d.clock.pass(time.Hour)
	again, err := d.Claim(ctx, here, email, phone, d.verify(t, here, email, phone))
	require.NoError(t, err)
	require.NotEqual(t, token.Tenant, again.Tenant)
}

// A message that cannot be handed over is told, whatever was known of the pair.
func testFailedDelivery(t *testing.T, d desk) {
	_, err := d.Claim(t.Context(), here, email, phone, d.verify(t, here, email, phone))
	require.NoError(t, err)
	d.clock.pass(time.Hour)
	d.post.failed = errors.New("no route")
	for _, e := range []string{email, "eve@example.org"} {
		require.ErrorIs(t, d.Begin(t.Context(), here, e, phone), credential.ErrDelivery)
	}
}

// testNothingInTheClear: no row of any table holds an address, a code, a ticket, a
// token or a source.
func testNothingInTheClear(t *testing.T, d desk) {
	ctx := t.Context()
	by := credential.Caller{Source: "198.51.100.77/32", Certain: true, Request: "r-1"}
	ticket := d.verify(t, by, email, phone)
	_, err := d.Verify(ctx, by, "eve@example.org", phone, "987654", "456789")
	require.ErrorIs(t, err, credential.ErrCode)
	opened, err := d.Open(ctx, by, "mallory@example.org", "+41791234560")
	require.NoError(t, err)
	seen := func() (text string) {
		for table, columns := range map[string]string{
			"credential_accounts": "pair || tenant", "credential_unverified": "tenant", "credential_limits": "name",
			"credential_challenges": "pair || salt || code || claim || claim_from", "tenants": "id || name", "keys": "id || tenant || name",
			"deeds": "tenant || actor || request || verb || what",
		} {
			rows, err := store.List(ctx, d.db, "read all", func(row store.Row) (text string, err error) {
				err = row.Scan(&text)
				return text, err
			}, "SELECT "+columns+" FROM "+table)
			require.NoError(t, err)
			text += strings.Join(rows, "\n") + "\n"
		}
		return text
	}
	verified := seen()
	token, err := d.Claim(ctx, by, email, phone, ticket)
	require.NoError(t, err)
	all := strings.ToLower(verified + seen())
	_, secret, _ := access.Split(token.Text)
	_, other, _ := access.Split(opened.Text)
	require.Contains(t, all, string(token.Tenant))
	for _, hidden := range []string{
		"ada", "eve", "mallory", "example", "791234567", "791234560", "198.51", d.post.email[email], d.post.sms[phone], "987654", ticket, secret, other,
	} {
		if hidden == "ada" || hidden == "eve" { // a hash or an id in base32 may hold three letters
			hidden += "@"
		}
		require.NotContains(t, all, strings.ToLower(hidden))
	}
}

// Codes, accounts, tickets and limits outlast a new version of the secret, as long as
// the old one is there.
func testTwoKeys(t *testing.T, d desk) {
	ctx := t.Context()
	cfg := credential.DefaultConfig()
	cfg.Now = d.clock.now
	newer := []byte("another key of at least thirty-two bytes")
	both, err := credential.New(cfg, d.db, d.access, [][]byte{newer, key}, d.post)
	require.NoError(t, err)
	only, err := credential.New(cfg, d.db, d.access, [][]byte{newer}, d.post)
	require.NoError(t, err)

	require.NoError(t, d.Begin(ctx, here, email, phone))
	ticket, err := both.Verify(ctx, here, email, phone, d.post.email[email], d.post.sms[phone])
	require.NoError(t, err)
	_, err = only.Claim(ctx, here, email, phone, ticket)
	require.ErrorIs(t, err, credential.ErrUnverified)
	_, err = d.Claim(ctx, here, email, phone, ticket)
	require.ErrorIs(t, err, credential.ErrUnverified, "the ticket was made under the newer one")
	_, err = both.Claim(ctx, here, email, phone, ticket)
	require.NoError(t, err)

	other := "+41791234568"
	first, err := d.Claim(ctx, here, email, other, d.verify(t, here, email, other))
	require.NoError(t, err)
	_, err = only.Account(ctx, email, other)
	require.ErrorIs(t, err, store.ErrNotFound)
	d.clock.pass(time.Hour)
	require.NoError(t, both.Begin(ctx, here, email, other))
	ticket, err = both.Verify(ctx, here, email, other, d.post.email[email], d.post.sms[other])
	require.NoError(t, err)
	second, err := both.Claim(ctx, here, email, other, ticket)
	require.NoError(t, err)
	require.Equal(t, first.Tenant, second.Tenant)
	tenant, err := only.Account(ctx, email, other)
	require.NoError(t, err)
	require.Equal(t, first.Tenant, tenant, "whoever verifies goes over to the newest key")
}
