package capture_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"oneton/facesession"
)

// sessions is one session, which does what a test scripts.
type sessions struct {
	mu         sync.Mutex
	embedding  facesession.Embedding
	binding    string
	guidance   []facesession.GuidanceCode // the last one stays
	plan       []facesession.StepKind
	verdicts   []facesession.Progress // of a step not passed, in turn
	attempts   int
	left       time.Duration
	gone       bool
	attempt    int
	at         int
	token      int
	end        *facesession.End
	calls      []string
	last       []facesession.Frame
	nonce      string
	guiding    int
	mostAtOnce int
}

const sessionID = "4c5d9f0e-7e4e-4b7e-9d54-0f4f6c1d2a3b"

func newSessions() *sessions {
	return &sessions{attempts: 3, left: 10 * time.Minute, plan: []facesession.StepKind{"look", "turn_left", "blink"}, guidance: []facesession.GuidanceCode{"ok"}}
}

func (s *sessions) Embedding(_ context.Context, id string) (facesession.Embedding, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != sessionID || s.gone {
		return facesession.Embedding{}, facesession.ErrGone
	}
	return s.embedding, nil
}

func (s *sessions) tab(binding string) error {
	switch {
	case s.gone:
		return facesession.ErrGone
	case binding != s.binding:
		return facesession.ErrElsewhere
	}
	return nil
}

func (s *sessions) Bind(_ context.Context, _, binding, nonce string) (facesession.Tab, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, "bind")
	s.nonce = nonce
	bound := ""
	if s.binding == "" && binding == "" {
		bound, s.binding = "b0und", "b0und"
		binding = bound
	}
	if err := s.tab(binding); err != nil {
		return facesession.Tab{}, err
	}
	return facesession.Tab{Binding: bound, Attempt: s.attempt, MaxAttempts: s.attempts, Left: s.left, End: s.end}, nil
}

func (s *sessions) step() *facesession.Step {
	s.token++
	return &facesession.Step{Token: fmt.Sprint("t", s.token), Kind: s.plan[s.at], Attempt: s.attempt, Number: s.at + 1, Of: len(s.plan), Left: 45 * time.Second}
}

func (s *sessions) Begin(_ context.Context, _, binding string) (facesession.Progress, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.tab(binding); err != nil {
		return facesession.Progress{}, err
	}
	s.attempt, s.at = s.attempt+1, 0
	return facesession.Progress{Step: s.step(), Attempt: s.attempt, MaxAttempts: s.attempts}, nil
}

func (s *sessions) Guide(_ context.Context, _, binding string, _ []byte) (facesession.Guidance, error) {
	s.mu.Lock()
	s.guiding++
	s.mostAtOnce = max(s.mostAtOnce, s.guiding)
	s.mu.Unlock()
	time.Sleep(20 * time.Millisecond) // as if it were looked at
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guiding--
	if err := s.tab(binding); err != nil {
		return facesession.Guidance{}, err
	}
	code := s.guidance[0]
	if len(s.guidance) > 1 {
		s.guidance = s.guidance[1:]
	}
	return facesession.Guidance{Code: code}, nil
}

func (s *sessions) Step(_ context.Context, _, binding, token string, frames []facesession.Frame) (facesession.Progress, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.tab(binding); err != nil {
		return facesession.Progress{}, err
	}
	if token != fmt.Sprint("t", s.token) {
		return facesession.Progress{}, facesession.ErrStep
	}
	s.last = frames
	p := facesession.Progress{Attempt: s.attempt, MaxAttempts: s.attempts}
	if len(s.verdicts) > 0 {
		v := s.verdicts[0]
		s.verdicts = s.verdicts[1:]
		p.Failed, p.Reason = v.Failed, v.Reason
		if s.attempt == s.attempts {
			s.end = &facesession.End{Code: facesession.TooManyAttempts}
			p.End = s.end
		}
		return p, nil
	}
	if s.at++; s.at < len(s.plan) {
		p.Step = s.step()
		return p, nil
	}
	s.end = &facesession.End{Result: "head.body.sign"}
	p.End = s.end
	return p, nil
}

func (s *sessions) Cancel(_ context.Context, _, binding string, code facesession.Code) (facesession.End, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.tab(binding); err != nil {
		return facesession.End{}, err
	}
	s.end = &facesession.End{Code: code}
	return *s.end, nil
}

// stands has the session's page stand and lead where that says, from now on.
func (s *sessions) stands(e facesession.Embedding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.embedding = e
}

// guide has the guidance be that from now on.
func (s *sessions) guide(code facesession.GuidanceCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guidance = []facesession.GuidanceCode{code}
}

// forget ends the session by its time.
func (s *sessions) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
}

func (s *sessions) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end != nil
}

// called are the calls that bound the session.
func (s *sessions) called() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// most is how many guiding frames came at once.
func (s *sessions) most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mostAtOnce
}
