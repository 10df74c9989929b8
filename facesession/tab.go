package facesession

import (
	"context"
	"crypto/rand"
	"time"

	"oneton/store"
)

// Embedding is where a session's page may stand, and where it may lead.
type Embedding struct {
	Tenant store.TenantID
	Client store.KeyID
	// Origins and Returns are as in Policy.
	Origins, Returns []string
	EndsAt           time.Time
}

// Embedding tells it of an open session, and changes nothing. ErrGone and
// ErrUnauthorized are as in Bind.
func (s *Service) Embedding(ctx context.Context, id string) (Embedding, error) {
	open, err := s.find(ctx, id)
	if err != nil {
		return Embedding{}, err
	}
	return Embedding{Tenant: open.tenant, Client: open.client, Origins: open.terms.Origins, Returns: open.terms.Returns, EndsAt: open.endsAt}, nil
}

// Tab is how far a session is, to the one tab of a browser that it is open in.
type Tab struct {
	// Binding is set when the tab is bound by this call: it is to be shown with every
	// other one, and cannot be had again.
	Binding string
	// Attempt is how many have begun.
	Attempt, MaxAttempts int
	// Left is of the session's life.
	Left time.Duration
	// Checking says that a step is being checked; it may be asked again soon.
	Checking bool
	// End is set once the session is over.
	End *End
}

// Bind binds a session to a tab, or tells a bound one how far the session is. The
// binding is empty for a new tab, and ErrElsewhere while there is another. A nonce is
// taken before the first attempt; ErrNonceUsed when the client has used it before or
// the session has another. ErrBusy when the tab asked just now. ErrGone, here and in all calls of a page, means that there
// is no such session any more, and ErrUnauthorized that its client was revoked.
func (s *Service) Bind(ctx context.Context, id, binding, nonce string) (t Tab, err error) {
	if err := checkNonce(nonce); err != nil {
		return Tab{}, err
	}
	if err := s.admit(ctx, "bind", id, binding); err != nil {
		return Tab{}, err
	}
	fresh := rand.Text()
	err = s.db.Update(ctx, "bind face session", func(tx store.Tx) error {
		t = Tab{}
		open, err := hold(tx, id)
		if err != nil {
			return err
		}
		if open.tab == "" && binding == "" {
			t.Binding, open.tab = fresh, hashOf(fresh)
		} else if err := open.opened(binding); err != nil {
			return err
		}
		if err := s.agree(tx, &open, nonce); err != nil {
			return err
		}
		t.Attempt, t.MaxAttempts, t.Left = open.attempt, open.terms.MaxAttempts, open.endsAt.Sub(open.now)
		t.Checking = open.phase == checking && !open.lost(s.cfg)
		if t.End, err = s.end(open); err != nil {
			return err
		}
		return open.keep(tx)
	})
	if err != nil {
		return Tab{}, err
	}
	return t, nil
}

// admit lets a call of the session's own tab pass, or of the first tab, once in a while:
// who has a session's id alone makes the database write nothing, and the tab little.
func (s *Service) admit(ctx context.Context, call, id, binding string) error {
	open, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	if open.tab != "" || binding != "" {
		if err := open.opened(binding); err != nil {
			return err
		}
	}
	if s.cfg.CallEvery < 0 {
		return nil
	}
	key := call + " " + open.hash
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.called[key]; again {
		return ErrBusy
	}
	s.called[key] = struct{}{}
	time.AfterFunc(s.cfg.CallEvery, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.called, key)
	})
	return nil
}

// agree takes a nonce that the page brought, unless it is the session's.
func (s *Service) agree(tx store.Tx, open *session, nonce string) error {
	if nonce == "" {
		return nil
	}
	if open.nonce == nil && open.attempt == 0 {
		return s.take(tx, open, nonce)
	}
	has, err := s.nonceOf(*open)
	if err == nil && has != nonce {
		err = ErrNonceUsed
	}
	return err
}

// nonceOf is the session's nonce; empty is none.
func (s *Service) nonceOf(open session) (string, error) {
	if open.nonce == nil {
		return "", nil
	}
	nonce, err := s.seals.open(open.id, sealedNonce, 0, open.nonce)
	return string(nonce), err
}

// Guide tells the person before the camera what to do for a better picture. The frame
// is not kept, and its bytes are cleared. ErrBusy while another frame of the session is
// looked at, and until GuideEvery has passed since that began: a page cannot have the
// server work for it alone. It is ErrBusy, too, while MostGuiding frames of any sessions
// are looked at: all pages together leave workers to searches and to steps.
func (s *Service) Guide(ctx context.Context, id, binding string, jpeg []byte) (Guidance, error) {
	defer clear(jpeg)
	open, err := s.find(ctx, id)
	if err == nil {
		err = open.opened(binding)
	}
	if err == nil && open.phase == ended {
		err = ErrStep
	}
	if err == nil {
		err = checkFrame(jpeg)
	}
	if err != nil {
		return Guidance{}, err
	}
	if !s.beginGuide(open.hash) {
		return Guidance{}, ErrBusy
	}
	defer s.endGuide(open.hash, time.Now())
	return s.rooms.Checks.Guide(open.working(ctx), jpeg)
}

func (s *Service) beginGuide(hash string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, busy := s.guiding[hash]; busy || s.looking == s.cfg.MostGuiding && s.looking > 0 {
		return false
	}
	s.guiding[hash] = struct{}{}
	s.looking++
	return true
}

func (s *Service) endGuide(hash string, began time.Time) {
	s.mu.Lock()
	s.looking--
	s.mu.Unlock()
	time.AfterFunc(s.cfg.GuideEvery-time.Since(began), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.guiding, hash)
	})
}
