package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"oneton/access"
	"oneton/facesession"
	"oneton/node"
	"oneton/server/uqudo"
	"oneton/store"
)

type facePolicyCommand struct {
	Show  facePolicyShow  `cmd:"" help:"Show what a client's face sessions are like."`
	Set   facePolicySet   `cmd:"" help:"Change what is named of it, and leave the rest."`
	Reset facePolicyReset `cmd:"" help:"Take a client's away, so that its tenant's counts, or the tenant's."`
}

// facePolicyOf names whose policy it is.
type facePolicyOf struct {
	settings
	output
	Tenant string `arg:"" help:"The tenant."`
	Client string `help:"The id of one of its keys; without it, the policy is of all that have none of their own."`
}

// policies opens the table, for one piece of work.
func (c facePolicyOf) policies(ctx context.Context, do func(facesession.Policies) error) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	return withTruth(ctx, cfg, func(t *node.Truth) error {
		if _, err := t.Store.Tenant(ctx, store.TenantID(c.Tenant)); err != nil {
			return fmt.Errorf("find tenant %.64q: %w", c.Tenant, err)
		}
		if c.Client != "" {
			key, err := access.NewKeyTable(t.Store).Key(ctx, store.KeyID(c.Client))
			if err == nil && string(key.Tenant) != c.Tenant {
				err = store.ErrNotFound
			}
			if err != nil {
				return fmt.Errorf("find key %.64q of tenant %.64q: %w", c.Client, c.Tenant, err)
			}
		}
		return do(facesession.NewPolicies(t.Store))
	})
}

func (c facePolicyOf) by() store.Actor { return store.Actor{Tenant: store.TenantID(c.Tenant)} }

func (c facePolicyOf) show(ctx context.Context, p facesession.Policies) error {
	policy, err := p.Policy(ctx, store.TenantID(c.Tenant), store.KeyID(c.Client))
	if err != nil {
		return err
	}
	type row struct {
		name  string
		value any
	}
	all := []row{
		{"max-attempts", policy.MaxAttempts},
		{"minimum-match-level", policy.MinimumMatchLevel},
		{"one-to-n", policy.OneToN},
		{"return-incomplete", policy.ReturnIncomplete},
		{"liveness", policy.Liveness},
		{"origin", append([]string{}, policy.Origins...)},
		{"return", append([]string{}, policy.Returns...)},
	}
	value := map[string]any{}
	for _, r := range all {
		value[strings.ReplaceAll(r.name, "-", "_")] = r.value
	}
	return c.table(value, func(w io.Writer) {
		for _, r := range all {
			if list, ok := r.value.([]string); ok {
				r.value = strings.Join(list, " ")
			}
			fmt.Fprintf(w, "%s\t%v\n", r.name, r.value)
		}
	})
}

type facePolicyShow struct{ facePolicyOf }

// Run prints the policy.
func (c *facePolicyShow) Run(ctx context.Context) error {
	return c.policies(ctx, func(p facesession.Policies) error { return c.show(ctx, p) })
}

type facePolicySet struct {
	facePolicyOf
	MaxAttempts       *int     `help:"How many attempts a session has: 1 to 3."`
	MinimumMatchLevel *int     `help:"The match level that is needed: 1 to 5."`
	OneToN            *string  `help:"Whether it is looked for who somebody is: off, search or insert."`
	ReturnIncomplete  *bool    `help:"Give a result of failed sessions, too." negatable:""`
	Liveness          *bool    `help:"Say in the result what was done before the camera." negatable:""`
	Origin            []string `help:"An origin whose pages may frame the session's page and are told of its end; repeat it for more, empty for none." sep:"none"`
	Return            []string `help:"An address to which the page may go with the result; likewise." sep:"none"`
}

// Run changes the policy, and prints it.
func (c *facePolicySet) Run(ctx context.Context) error {
	return c.policies(ctx, func(p facesession.Policies) error {
		policy, err := p.Policy(ctx, store.TenantID(c.Tenant), store.KeyID(c.Client))
		if err != nil {
			return err
		}
		change(&policy.MaxAttempts, c.MaxAttempts)
		change(&policy.MinimumMatchLevel, c.MinimumMatchLevel)
		change(&policy.ReturnIncomplete, c.ReturnIncomplete)
		change(&policy.Liveness, c.Liveness)
		change(&policy.OneToN, (*facesession.OneToN)(c.OneToN))
		change(&policy.Origins, listed(c.Origin))
		change(&policy.Returns, listed(c.Return))
		if err := p.Set(ctx, c.by(), store.KeyID(c.Client), policy, len(uqudo.Levels())); err != nil {
			return err
		}
		return c.show(ctx, p)
	})
}

func change[T any](at *T, to *T) {
	if to != nil {
		*at = *to
	}
}

// listed is a flag's list, in which one empty text is none; nil where the flag was not
// given.
func listed(flag []string) *[]string {
	switch {
	case flag == nil:
		return nil
	case len(flag) == 1 && flag[0] == "":
		return &[]string{}
	}
	return &flag
}

type facePolicyReset struct{ facePolicyOf }

// Run takes the policy away, and prints what counts now.
func (c *facePolicyReset) Run(ctx context.Context) error {
	return c.policies(ctx, func(p facesession.Policies) error {
		if err := p.Reset(ctx, c.by(), store.KeyID(c.Client)); err != nil {
			return err
		}
		return c.show(ctx, p)
	})
}
