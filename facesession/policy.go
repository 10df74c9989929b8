package facesession

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"oneton/audit"
	"oneton/store"
)

// OneToN says whether it is looked for who somebody is, once they have matched.
type OneToN string

// What OneToN may be.
const (
	// OneToNOff looks for nobody.
	OneToNOff OneToN = "off"
	// OneToNSearch looks in the tenant's gallery.
	OneToNSearch OneToN = "search"
	// OneToNInsert also adds whoever is not found there.
	OneToNInsert OneToN = "insert"
)

const (
	// MaxAttempts is the most attempts that a session may have.
	MaxAttempts = 3
	// DefaultLevel is the match level that is needed where nothing else says it.
	DefaultLevel = 3
	// mostAddresses is how many origins or returns a policy may have, and longestAddress
	// how long each may be, in bytes.
	mostAddresses, longestAddress = 32, 512
)

// Policy is what a client's sessions are like.
type Policy struct {
	// MaxAttempts is 1 to MaxAttempts.
	MaxAttempts int `json:"maxAttempts"`
	// MinimumMatchLevel is 1 to 5.
	MinimumMatchLevel int `json:"minimumMatchLevel"`
	// ReturnIncomplete gives a result of failed sessions, too, which says that they are.
	ReturnIncomplete bool   `json:"returnDataForIncompleteSession"`
	OneToN           OneToN `json:"oneToN"`
	// Liveness lets the result say what was done before the camera.
	Liveness bool `json:"liveness"`
	// Origins are those whose pages may frame the session's page, and are told of its end.
	Origins []string `json:"origins"`
	// Returns are addresses to which the page may go with the result.
	Returns []string `json:"returns"`
}

// DefaultPolicy is that of clients for whom none was set.
func DefaultPolicy() Policy {
	return Policy{MaxAttempts: MaxAttempts, MinimumMatchLevel: DefaultLevel, OneToN: OneToNOff}
}

// check is an argument.Error where sessions could not be like that.
func (p Policy) check(levels int) error {
	switch {
	case p.MaxAttempts < 1 || p.MaxAttempts > MaxAttempts:
		return invalid("maxAttempts", "must be 1 to %d", MaxAttempts)
	case p.MinimumMatchLevel < 1 || p.MinimumMatchLevel > levels:
		return invalid("minimumMatchLevel", "must be 1 to %d", levels)
	case p.OneToN != OneToNOff && p.OneToN != OneToNSearch && p.OneToN != OneToNInsert:
		return invalid("oneToN", "must be off, search or insert")
	case len(p.Origins) > mostAddresses:
		return invalid("origins", "must be at most %d", mostAddresses)
	case len(p.Returns) > mostAddresses:
		return invalid("returns", "must be at most %d", mostAddresses)
	}
	for _, o := range p.Origins {
		u, ok := address(o)
		if !ok || o != u.Scheme+"://"+u.Host {
			return invalid("origins", "must each be an origin such as https://example.com, in lower case and with nothing after its host and port")
		}
	}
	for _, r := range p.Returns {
		if u, ok := address(r); !ok || u.Fragment != "" {
			return invalid("returns", "must each be an address that begins with https:// and has no fragment")
		}
	}
	return nil
}

// address is an https address, or an http one of this machine, which a browser holds as
// safe. It can stand in a header and a list as it is.
func address(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || len(text) > longestAddress || u.Host == "" || u.User != nil || u.Host != strings.ToLower(u.Host) {
		return nil, false
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"'*,;\<>`, r) }) {
		return nil, false
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1"
	return u, u.Scheme == "https" || u.Scheme == "http" && local
}

// Policies is the table of what clients' sessions are like.
type Policies struct{ db store.DB }

// NewPolicies is the database's.
func NewPolicies(db store.DB) Policies { return Policies{db} }

func scanPolicy(row store.Row) (p Policy, err error) {
	var text string
	if err := row.Scan(&text); err != nil {
		return p, err
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("%w: policy of face sessions", store.ErrDamaged)
	}
	return p, nil
}

// Policy is the client's own, else its tenant's, else DefaultPolicy. An empty client is
// the tenant itself.
func (t Policies) Policy(ctx context.Context, tenant store.TenantID, client store.KeyID) (Policy, error) {
	p, err := store.One(ctx, t.db, "read policy of face sessions", scanPolicy,
		`SELECT policy FROM face_policies WHERE tenant = $1 AND client IN ($2, '') ORDER BY client DESC LIMIT 1`, tenant, client)
	if errors.Is(err, store.ErrNotFound) {
		return DefaultPolicy(), nil
	}
	return p, err
}

// Set makes the policy that of the client, or of a tenant's clients that have none of
// their own where it is empty: sessions opened from then on are like that. The levels
// are how many match levels there are. An unknown tenant is store.ErrNotFound.
func (t Policies) Set(ctx context.Context, by store.Actor, client store.KeyID, p Policy, levels int) error {
	if err := p.check(levels); err != nil {
		return err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("set policy of face sessions: %w", err)
	}
	return t.db.Update(ctx, "set policy of face sessions", func(tx store.Tx) error {
		n, err := tx.Exec(`INSERT INTO face_policies (tenant, client, policy) SELECT id, $2, $3 FROM tenants WHERE id = $1
			ON CONFLICT (tenant, client) DO UPDATE SET policy = excluded.policy`, by.Tenant, client, string(text))
		if err == nil && n == 0 {
			err = fmt.Errorf("set policy of face sessions: tenant: %w", store.ErrNotFound)
		}
		if err != nil {
			return err
		}
		return audit.By(by, audit.FacePolicySet, string(client)).Record(tx)
	})
}

// Reset takes the client's policy away, or the tenant's. It is no error where there is none.
func (t Policies) Reset(ctx context.Context, by store.Actor, client store.KeyID) error {
	return t.db.Update(ctx, "reset policy of face sessions", func(tx store.Tx) error {
		n, err := tx.Exec(`DELETE FROM face_policies WHERE tenant = $1 AND client = $2`, by.Tenant, client)
		if err != nil || n == 0 {
			return err
		}
		return audit.By(by, audit.FacePolicySet, string(client)).Record(tx)
	})
}
