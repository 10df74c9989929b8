package embed

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"oneton/face"
	"oneton/photo"
	"oneton/picture"
	"oneton/pool"
)

// glances are the views of a picture that is one of many: the first is enough for
// a face that is the picture's subject, at a quarter of the cost.
var glances = []view{{side: 0.5}, {side: 0.25, border: 0.125}, {side: 1}}

// Glance finds the faces of a picture that is one of many, largest first, without
// templates; of their quality it tells what the landmarks do. The worker is one that the caller holds. Its errors are photo.ErrPack,
// and the context's.
func (e *Embedder) Glance(ctx context.Context, w *pool.Worker, pack string, p *picture.Picture) ([]photo.Face, error) {
	m, err := e.model(pack)
	if err != nil {
		return nil, err
	}
	var found []detection
	for _, v := range glances {
		if found, err = m.detector.detectIn(ctx, p, v, e.memory[w.Number].frame); err != nil {
			return nil, fmt.Errorf("detect faces: %w", err)
		}
		if found = slices.DeleteFunc(found, func(d detection) bool { return d.doubtful }); len(found) > 0 {
			break
		}
	}
	faces := make([]photo.Face, 0, len(found))
	for _, d := range found {
		yaw, pitch, roll := pose(d.landmarks)
		faces = append(faces, photo.Face{
			Box: d.box, Landmarks: d.landmarks, Confidence: d.confidence,
			Quality: face.Quality{
				InterEye: float32(distance(d.landmarks[0], d.landmarks[1])),
				Yaw:      float32(yaw), Pitch: float32(pitch), Roll: float32(roll),
			},
		})
	}
	slices.SortStableFunc(faces, func(a, b photo.Face) int { return cmp.Compare(b.Box.Area(), a.Box.Area()) })
	return faces, nil
}

// Recognise gives a face that Glance found in the picture its template; false when it
// turns out to be no face. The worker is one that the caller holds.
func (e *Embedder) Recognise(ctx context.Context, w *pool.Worker, pack string, p *picture.Picture, f photo.Face) (photo.Face, bool, error) {
	m, err := e.model(pack)
	if err != nil {
		return f, false, err
	}
	t := &task{model: m, memory: e.memory[w.Number], stages: unseen{}}
	made, err := t.face(ctx, p, &detection{box: f.Box, landmarks: f.Landmarks, confidence: f.Confidence})
	if err != nil || made == nil {
		return f, false, err
	}
	return *made, true, nil
}
