package node

import (
	"context"

	"oneton/access"
	"oneton/challenge"
	"oneton/facesession"
	"oneton/server/uqudo"
)

// openFaceSessions is the service of face sessions.
func (n *Node) openFaceSessions(parts Parts) (*facesession.Service, error) {
	rooms := facesession.Rooms{
		Clients: access.NewKeyTable(n.Truth.Store), Faces: n.Service, Checks: parts.Checks, Signer: n.Signatures, Events: n.Webhooks,
	}
	models, loaded := n.embedder.(*Models)
	switch {
	case rooms.Checks != nil:
	case loaded && n.clips != nil:
		var err error
		if rooms.Checks, err = challenge.New(n.cfg.Challenge, models.workers, models, n.clips.Judge); err != nil {
			return nil, err
		}
	default:
		rooms.Checks = noChecks{}
	}
	cfg := facesession.Config{Levels: uqudo.Levels(), Gallery: uqudo.Gallery, MostOpen: n.cfg.Uqudo.Sessions}
	if loaded {
		// Half of the workers are left to searches and to steps.
		cfg.MostGuiding = max(1, models.workers.Load().Workers/2)
	}
	return facesession.NewService(cfg, n.Truth.secret, n.Truth.Store, rooms)
}

const faceSessionsOff = "no models are here that check steps before a camera; 'oneton setup --with gestures' fetches them"

// noChecks can check no step.
type noChecks struct{}

func (noChecks) Plan() []facesession.StepKind { return nil }

func (noChecks) Guide(context.Context, []byte) (facesession.Guidance, error) {
	return facesession.Guidance{}, facesession.ErrOff
}

func (noChecks) Check(context.Context, facesession.StepKind, []facesession.Frame, [][]byte) (facesession.Finding, error) {
	return facesession.Finding{}, facesession.ErrOff
}

// sweepFaceSessions removes what has ended of face sessions, until ctx ends.
func (n *Node) sweepFaceSessions(ctx context.Context) error {
	return n.FaceSessions.Run(ctx, func(err error) {
		n.log.Error().Err(err).Msg("ended face sessions were not removed, and are refused all the same; it will be tried again")
	})
}
