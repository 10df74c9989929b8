package credential

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"oneton/store"
)

const (
	// codeLife is how long a code is valid, and tries how many guesses there are of
	// a pair's, right ones included.
	codeLife = 10 * time.Minute
	tries    = 5
	codeSize = 6
	// claimLife is how long a verification lets a token be had.
	claimLife = 10 * time.Minute
	// kept is how long a pair's codes are known to have ended.
	kept = 24 * time.Hour
)

// Begin sends a code to each address of the pair, in the place of those before. It
// is the same for every pair that there is, whether it was ever verified or not.
// Errors are ErrAddress, ErrLimited and, when one of the two could not be handed
// over, ErrDelivery.
func (s *Service) Begin(ctx context.Context, from Caller, email, phone string) error {
	p, err := parsePair(email, phone, s.cfg.Region)
	if err != nil {
		return fmt.Errorf("send codes: %w", err)
	}
	byEmail, byPhone, err := codes()
	if err != nil {
		return err
	}
	now, salt := s.now(), rand.Text()
	names := s.hash.each("pair", p.text())
	uses := []use{
		s.use("resend", p.text(), s.cfg.Limits.Resend), s.use(Email, p.mailbox(), s.cfg.Limits.Address), s.use(Phone, p.phone, s.cfg.Limits.Address),
		s.use("asks", from.Source, s.cfg.Limits.Asks), s.use("sends", "", perHour(s.cfg.Sends)),
	}
	err = s.limited(ctx, "send codes", now, uses, nil, func(tx store.Tx) error {
		was, err := readChallenge(tx, names)
		if errors.Is(err, store.ErrNotFound) {
			was, err = challenge{pair: names[0]}, nil
		}
		if err != nil {
			return err
		}
		was.salt, was.code = salt, s.hash.make("codes", salt, p.text(), byEmail, byPhone)
		was.tries, was.used, was.ends = 0, false, now.Add(codeLife)
		return was.write(tx)
	})
	if err != nil {
		return err
	}
	return s.deliver(ctx, p, byEmail, byPhone)
}

// deliver hands over both codes at once.
func (s *Service) deliver(ctx context.Context, p pair, byEmail, byPhone string) error {
	var work errgroup.Group
	work.Go(func() error { return s.sends.Email(ctx, p.email, byEmail, codeLife) })
	work.Go(func() error { return s.sends.SMS(ctx, p.phone, byPhone, codeLife) })
	if err := work.Wait(); err != nil {
		return fmt.Errorf("%w: %w", ErrDelivery, err)
	}
	return nil
}

// codes are two of them, each of as many digits and independent of the other.
func codes() (byEmail, byPhone string, err error) {
	var both [2]string
	for i := range both {
		n, err := rand.Int(rand.Reader, big.NewInt(pow10(codeSize)))
		if err != nil {
			return "", "", fmt.Errorf("make code: %w", err)
		}
		both[i] = fmt.Sprintf("%0*d", codeSize, n)
	}
	return both[0], both[1], nil
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// Verify takes both codes of a pair. They may be tried five times in all, however
// many at once, and be right once: that returns a ticket, by which Claim gives a
// token within ten minutes. A pair that was asked nothing is told as wrong codes
// are, and ends as they do. Errors are ErrAddress, ErrCode, ErrCodeEnded and
// ErrLimited.
func (s *Service) Verify(ctx context.Context, from Caller, email, phone, emailCode, phoneCode string) (ticket string, err error) {
	p, err := parsePair(email, phone, s.cfg.Region)
	if err != nil {
		return "", fmt.Errorf("verify pair: %w", err)
	}
	now, ticket, salt := s.now(), rand.Text(), rand.Text()
	names := s.hash.each("pair", p.text())
	var outcome error
	ended := func(r store.Reader) error {
		c, err := readChallenge(r, names)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil && c.tries >= tries {
			err = ErrCodeEnded
		}
		return err
	}
	err = s.limited(ctx, "verify pair", now, []use{s.use("guesses", from.Source, s.cfg.Limits.Guesses)}, ended, func(tx store.Tx) error {
		c, err := readChallenge(tx, names)
		if errors.Is(err, store.ErrNotFound) {
			c, err = challenge{pair: names[0], salt: salt, code: s.hash.make("no codes", salt), ends: now.Add(codeLife)}, nil
		}
		if err != nil {
			return err
		}
		if c.tries >= tries {
			outcome = ErrCodeEnded
			return nil
		}
		c.tries++
		right := s.hash.made(c.code, "codes", c.salt, p.text(), strings.TrimSpace(emailCode), strings.TrimSpace(phoneCode))
		switch {
		case !right:
			outcome = ErrCode
		case c.used || !now.Before(c.ends):
			outcome = ErrCodeEnded
		default:
			outcome, c.used = nil, true
			c.claim, c.claimUntil, c.claimFrom = s.hash.make("ticket", ticket), now.Add(claimLife), ""
			if from.Certain {
				c.claimFrom = s.hash.make("source", from.Source)
			}
		}
		return c.write(tx)
	})
	if err != nil {
		return "", err
	}
	if outcome != nil {
		return "", fmt.Errorf("verify pair: %w", outcome)
	}
	return ticket, nil
}

// limited does a write if there is room for the uses, which are counted with it.
// What there is no room for, or what a first look refuses, takes no turn of the
// writer's.
func (s *Service) limited(ctx context.Context, doing string, now time.Time, uses []use, look func(store.Reader) error, do func(store.Tx) error) error {
	if err := s.db.Read(ctx, doing, func(r store.Reader) error {
		_, err := room(r, now, uses)
		if err == nil && look != nil {
			err = look(r)
		}
		return err
	}); err != nil {
		return err
	}
	return s.db.Update(ctx, doing, func(tx store.Tx) error {
		if err := take(tx, now, uses); err != nil {
			return err
		}
		return do(tx)
	})
}
