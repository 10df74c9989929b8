package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"oneton/calibration"
	"oneton/embed"
	"oneton/spoil"
)

// cropSide is the side of an aligned crop in pixels, and spoilSeed makes the same
// photos be spoiled alike in every run.
const (
	cropSide  = 112
	spoilSeed = 1
)

// spoiledShots are the faces, and of so many people at most, first those with
// several photos, one photo spoiled in each way.
func spoiledShots(ctx context.Context, e *embed.Embedder, pack string, shown []shownFace, most int) ([]calibration.Shot, error) {
	shots := make([]calibration.Shot, len(shown))
	of := map[string][]int{}
	var people []string
	for i, s := range shown {
		if of[s.person] == nil {
			people = append(people, s.person)
		}
		of[s.person] = append(of[s.person], i)
		shots[i] = calibration.Shot{Person: s.person, Photo: i, Score: float64(s.face.Quality.Score), Template: s.face.Template}
	}
	slices.SortStableFunc(people, func(a, b string) int { return min(2, len(of[b])) - min(2, len(of[a])) })
	people = people[:min(most, len(people))]
	if err := calibration.Enough(len(people)); err != nil {
		return nil, err
	}
	ways := spoil.Ways()
	fmt.Fprintf(os.Stderr, "spoiling a photo of each of %d people in %d ways\n", len(people), len(ways))
	spoiled := make([]calibration.Shot, len(people)*len(ways))
	err := each(ctx, len(people), func(ctx context.Context, n int) error {
		i := of[people[n]][len(of[people[n]])-1]
		s := shown[i]
		content, err := os.ReadFile(s.path)
		if err != nil {
			return err
		}
		crop, err := e.Crop(ctx, pack, content, s.face)
		if err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
		for k, way := range ways {
			c, err := way.Spoil(spoil.Of(crop, cropSide), rand.New(rand.NewPCG(spoilSeed, uint64(i))))
			if err != nil {
				return fmt.Errorf("%s: %s: %w", s.path, way.Name, err)
			}
			f, err := e.EmbedAligned(ctx, pack, c.Bytes())
			if err != nil {
				return fmt.Errorf("%s: %s: %w", s.path, way.Name, err)
			}
			spoiled[n*len(ways)+k] = calibration.Shot{
				Person: s.person, Photo: i, Way: way.Name, Score: float64(f.Quality.Score), Template: f.Template,
			}
		}
		return nil
	})
	return append(shots, spoiled...), err
}
