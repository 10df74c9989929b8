package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"oneton/identify"
	"oneton/store"
)

const (
	// conversionTurn is the right to convert the faces of a database.
	conversionTurn = "spaces"
	// conversionRetry is the pause before a conversion that failed goes on, and
	// conversionReport is how often the log has a line of one.
	conversionRetry, conversionReport = 5 * time.Second, 10 * time.Second
)

// conversions brings the stored faces to the loaded packs' versions.
type conversions struct {
	mu sync.Mutex
	// now is what is under way here; nothing while it has no pack.
	now identify.Conversion
	// aside are the ids of faces that could not be converted.
	aside []string
}

// convert converts what is to be, once it is this process's turn, and returns when
// nothing is left. Until then galleries whose faces are not all of the loaded
// version are not searched, wherever they are converted. Where another process
// has brought them to a version that this one cannot convert, since it opened,
// there is nothing for it to do: it goes on with the other packs' galleries.
func (n *Node) convert(ctx context.Context) error {
	for {
		err := n.convertInTurn(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case errors.Is(err, identify.ErrNoWay):
			n.log.Error().Err(err).Msg("another process has converted faces to its version of a pack: their galleries are not searched here until this process loads that version")
			return nil
		}
		n.log.Error().Err(err).Msg("faces were not all converted to the loaded packs' versions; it goes on in a moment")
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(conversionRetry):
		}
	}
}

func (n *Node) convertInTurn(ctx context.Context) error {
	turn, err := n.Truth.acquire(ctx, conversionTurn)
	if err != nil {
		return err
	}
	defer turn.Release()
	c := &n.conversions
	c.begin()
	defer c.end()
	reported := time.Now()
	report := func(now identify.Conversion) {
		c.come(now)
		if begun := now.Done <= conversionFirst; begun || time.Since(reported) >= conversionReport || now.Done >= now.Faces {
			reported = time.Now()
			n.log.Info().Str("pack", now.Pack).Str("from", now.From).Str("to", now.To).Int("done", now.Done).Int("faces", now.Faces).
				Msg("converting faces to the loaded pack's version")
		}
		n.engine.Notify()
	}
	err = during(ctx, turn, func(ctx context.Context) error {
		return identify.ConvertFaces(ctx, n.embedder, n.Truth.Store, report, func(f store.Face) { c.setAside(f, n.log) })
	})
	if errors.Is(err, errTurnLost) || ctx.Err() != nil {
		return err
	}
	n.engine.Notify()
	if err == nil {
		err = n.warnOfCalibrations(ctx)
	}
	return err
}

// conversionFirst is how many faces the first report tells of at most.
const conversionFirst = 256

func (c *conversions) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.aside = nil
}

func (c *conversions) come(now identify.Conversion) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func (c *conversions) end() { c.come(identify.Conversion{}) }

func (c *conversions) setAside(f store.Face, log zerolog.Logger) {
	c.mu.Lock()
	defer c.mu.Unlock()
	const most = 1000
	if len(c.aside) < most {
		c.aside = append(c.aside, string(f.ID))
	}
	log.Error().Str("gallery", string(f.Gallery)).Str("face", string(f.ID)).Str("damage", f.Damage).
		Msg("a face cannot be converted to the loaded pack's version and is set aside: searches do not see it")
}

func (c *conversions) setAsideIDs() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.aside)
}

// settled is store.ErrSpace while faces of a loaded pack are not all of its
// version, and says how far they have come, if they do so here.
func (n *Node) settled(ctx context.Context) error {
	for _, pack := range n.embedder.Packs() {
		if _, err := n.Service.Space(ctx, pack); err != nil {
			n.conversions.mu.Lock()
			now := n.conversions.now
			n.conversions.mu.Unlock()
			if errors.Is(err, store.ErrSpace) && now.Pack == pack {
				return fmt.Errorf("%w: %d of %d so far", err, now.Done, now.Faces)
			}
			return err
		}
	}
	return nil
}

// warnOfCalibrations says which tables of an owner's are of another version than
// the one that is loaded now.
func (n *Node) warnOfCalibrations(ctx context.Context) error {
	for _, pack := range n.embedder.Packs() {
		space, err := n.Service.Space(ctx, pack)
		if err != nil {
			return err
		}
		if space.Name() == pack {
			continue
		}
		_, old := identify.NewCalibrations(n.Truth.Store).Calibration(ctx, pack)
		_, err = identify.NewCalibrations(n.Truth.Store).Calibration(ctx, space.Name())
		if !errors.Is(old, store.ErrNotFound) && errors.Is(err, store.ErrNotFound) {
			n.log.Warn().Str("pack", pack).Str("version", space.Version).
				Msg("the table that 'oneton calibrate' installed is of another version of the pack and is not used; calibrate again")
		}
	}
	return nil
}
