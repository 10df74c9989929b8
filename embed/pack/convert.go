package pack

import (
	"fmt"
	"slices"

	"oneton/face"
)

// Earlier is a version of a pack with the same recognisers and neither
// Transform nor Trust, so that its templates are the joined vectors.
type Earlier struct {
	Version string `yaml:"version"`
	// Quality is that version's, which has no nuisance; without it its scores
	// are kept.
	Quality *Quality `yaml:"quality"`
}

// FromVersion says whether the pack converts what that version made.
func (m *Manifest) FromVersion(version string) bool {
	return slices.ContainsFunc(m.Converts, func(e Earlier) bool { return e.Version == version })
}

// Convert turns a template and the quality score that an earlier version gave a
// face into what Score and Finish make of the recognisers' same answers. Its
// errors are Finish's, and ErrVersion for a version that is not converted.
func (p *Pack) Convert(version string, kept face.Template, score float32) (face.Template, float32, error) {
	i := slices.IndexFunc(p.Converts, func(e Earlier) bool { return e.Version == version })
	if i < 0 {
		return nil, 0, fmt.Errorf("%w: version %q of pack %q", ErrVersion, version, p.Name)
	}
	if err := p.joins(kept); err != nil {
		return nil, 0, err
	}
	if q := p.Converts[i].Quality; q != nil {
		score = p.Score(q.length(score), kept)
	}
	t, err := p.Finish(kept, score)
	return t, score, err
}
