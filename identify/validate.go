package identify

import (
	"oneton/store"
)

// Limits on what an owner may name and attach.
const (
	MaxMetadata      = 32
	MaxMetadataKey   = 64
	MaxMetadataValue = 256
	MaxPhotos        = 16
	// MaxFaces is the most faces of a subject. Enrolments at once may pass it by
	// theirs, and what has more from before can be read and searched.
	MaxFaces      = 1000
	MaxProbes     = 5
	MaxCandidates = 100
)

const defaultCandidates = 5

func validateName(argument, s string) error {
	if !store.ValidName(s) {
		return invalid(argument, store.NameRule)
	}
	return nil
}

func validateMetadata(m map[string]string) error {
	if len(m) > MaxMetadata {
		return invalid("metadata", "has %d keys, must have at most %d", len(m), MaxMetadata)
	}
	for k, v := range m {
		if k == "" || len(k) > MaxMetadataKey || !store.ValidText(k) {
			return invalid("metadata", "has a key of %d bytes, must be 1 to %d bytes of UTF-8 without NUL", len(k), MaxMetadataKey)
		}
		if len(v) > MaxMetadataValue || !store.ValidText(v) {
			return invalid("metadata."+k, "has %d bytes, must be at most %d bytes of UTF-8 without NUL", len(v), MaxMetadataValue)
		}
	}
	return nil
}

// validateDetail takes what a policy or a request may say; empty says nothing.
func validateDetail(argument, detail string) error {
	switch detail {
	case "", store.DetailFast, store.DetailFull:
		return nil
	}
	return invalid(argument, "must be fast or full")
}

// validatePolicy refuses what no gallery of the pack could keep.
func (s *Service) validatePolicy(pack string, p store.Policy) error {
	if !(p.FPIR > 0 && p.FPIR < 1) {
		return invalid("policy.fpir", "must lie between 0 and 1")
	}
	for what, mode := range map[string]string{"quality": p.Quality, "liveness": p.Liveness} {
		switch mode {
		case store.GateOff, store.GateReport, store.GateEnforce:
		default:
			return invalid("policy."+what, "must be off, report or enforce")
		}
	}
	if err := validateDetail("policy.detail", p.Detail); err != nil {
		return err
	}
	if p.Liveness == store.GateEnforce && !s.embedder.JudgesLiveness(pack) {
		return invalid("policy.liveness", "cannot be enforce: pack %q has no liveness model here, so every photo would be refused; 'oneton setup --with liveness' fetches that of the built-in packs", pack)
	}
	if p.Retention < 0 {
		return invalid("policy.retention", "must not be negative")
	}
	if p.Review < 0 || p.Review > MaxReview {
		return invalid("policy.review", "must be at most 90 days, and not negative")
	}
	return nil
}
