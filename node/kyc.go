package node

import (
	"context"
	"maps"
	"time"

	"oneton/access"
	"oneton/kyc"
)

// openKYC is the service of people who show who they are.
func (n *Node) openKYC(parts Parts) (*kyc.Service, error) {
	n.lacks = map[string]string{}
	rooms := kyc.Rooms{
		Faces: n.Service, Documents: parts.Documents, Clips: parts.Clips, Jobs: n.Jobs, Events: n.Webhooks, Keys: access.NewKeyTable(n.Truth.Store),
	}
	if rooms.Documents == nil {
		if err := n.openDocuments(); err != nil {
			return nil, err
		}
		if n.documents != nil {
			rooms.Documents = n.documents
		} else {
			n.lacks["documents"] = documentsOff
			rooms.Documents = noDocuments{}
		}
	}
	if models, loaded := n.embedder.(*Models); loaded {
		var err error
		if n.clips, err = openClips(n.cfg, models); err != nil {
			return nil, err
		}
	}
	if rooms.Clips == nil && n.clips != nil && n.cfg.Twoface.On() {
		maps.Copy(n.lacks, n.clips.lacks())
		rooms.Clips = n.clips
	}
	if rooms.Clips == nil {
		rooms.Clips = noClips{}
	}
	return kyc.New(n.cfg.KYC, n.Truth.secret, n.Truth.Store, rooms)
}

// off is what this node does not do for want of a program or of models, where an API
// is served that would.
func (n *Node) off() map[string]string {
	off := map[string]string{}
	if n.cfg.Twoface.On() {
		maps.Copy(off, n.lacks)
	}
	if n.FaceSessions.Ready() != nil {
		off["face_sessions"] = faceSessionsOff
	}
	return off
}

const documentsOff = "no models are here that read documents; 'oneton setup --with documents' fetches them"

// noDocuments and noClips refuse what cannot be read here.
type noDocuments struct{}

func (noDocuments) Read(context.Context, []byte) (kyc.Document, error) {
	return kyc.Document{}, kyc.Refuse(kyc.DocumentsOff, "this server has no models that read documents")
}

type noClips struct{}

func (noClips) Smiles(context.Context, []byte) (bool, error) { return false, noClip() }

func (noClips) Blinks(context.Context, []byte) (bool, error) { return false, noClip() }

func noClip() error { return kyc.Refuse(kyc.GesturesOff, "this server judges no clips") }

// sweepKYC removes what has ended of sessions and attempts.
func (n *Node) sweepKYC(ctx context.Context, now time.Time) {
	attempts, err := n.KYC.Sweep(ctx, now)
	if err != nil && ctx.Err() == nil {
		n.log.Error().Err(err).Msg("ended sessions and old attempts were not all removed; it will be tried again")
	}
	if attempts > 0 {
		n.engine.Notify()
		n.log.Info().Int64("attempts", attempts).Msg("removed old attempts")
	}
}
