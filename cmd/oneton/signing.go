package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"oneton/node"
	"oneton/signature"
)

type signingCommand struct {
	List   signingList   `cmd:"" help:"List the keys, the oldest first, and what each is for."`
	Rotate signingRotate `cmd:"" help:"Make the next key; it is published first, and signs after signing.ahead."`
	Revoke signingRevoke `cmd:"" help:"Erase a key at once: what it signed is refused from now on."`
}

// signatures opens what signs, for one piece of work.
func (s settings) signatures(ctx context.Context, do func(*signature.Service) error) error {
	cfg, err := s.load(nil)
	if err != nil {
		return err
	}
	return withTruth(ctx, cfg, func(t *node.Truth) error {
		signatures, err := t.OpenSignatures(cfg)
		if err != nil {
			return err
		}
		return do(signatures)
	})
}

type signingList struct {
	settings
	output
}

// signingKey is a key as it is told.
type signingKey struct {
	ID        string        `json:"id"`
	Use       signature.Use `json:"use"`
	SignsFrom time.Time     `json:"signs_from"`
	// Ends is when it verifies no more; nil where that is not known yet.
	Ends *time.Time `json:"ends,omitempty"`
}

func signingKeyOf(k signature.Key) signingKey {
	told := signingKey{ID: k.ID, Use: k.Use, SignsFrom: k.SignsFrom}
	if !k.Ends.IsZero() {
		told.Ends = &k.Ends
	}
	return told
}

// Run prints the keys.
func (c *signingList) Run(ctx context.Context) error {
	return c.signatures(ctx, func(s *signature.Service) error {
		keys, err := s.List(ctx)
		if err != nil {
			return err
		}
		told := make([]signingKey, len(keys))
		for i, k := range keys {
			told[i] = signingKeyOf(k)
		}
		return printAll(c.output, told, func(w io.Writer, k signingKey) {
			until := ""
			if k.Ends != nil {
				until = "until " + k.Ends.Format(time.RFC3339)
			}
			fmt.Fprintf(w, "%s\t%s\tfrom %s\t%s\n", k.ID, k.Use, k.SignsFrom.Format(time.RFC3339), until)
		})
	})
}

type signingRotate struct {
	settings
	output
	Now bool `help:"Sign with it at once, though clients who keep the key set may not know it for some minutes."`
}

// Run makes a key.
func (c *signingRotate) Run(ctx context.Context) error {
	return c.signatures(ctx, func(s *signature.Service) error {
		k, err := s.Rotate(ctx, c.Now)
		if err != nil {
			return err
		}
		return c.say(signingKeyOf(k), "%s is published, and signs from %s on; the key before it verifies until all that it signed has expired", k.ID, k.SignsFrom.Format(time.RFC3339))
	})
}

type signingRevoke struct {
	settings
	output
	ID  string `arg:"" help:"The key's id, its kid."`
	Yes bool   `help:"Confirm." required:""`
}

// Run erases a key.
func (c *signingRevoke) Run(ctx context.Context) error {
	return c.signatures(ctx, func(s *signature.Service) error {
		if err := s.Revoke(ctx, c.ID); err != nil {
			return err
		}
		return c.say(map[string]string{"revoked": c.ID}, "%s has gone: what it signed is refused, and another key signs", c.ID)
	})
}
