package embed_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/photo"
	"oneton/pool"
)

func BenchmarkEmbed(b *testing.B) {
	for _, name := range []string{"obama.jpg", "sample1.jpg"} {
		b.Run("photo="+name, func(b *testing.B) {
			e := embedtest.NewIn(b, pool.New(pool.Config{Workers: 1}), embed.Config{})
			content := embedtest.Photo(b, name)
			var sum photo.Timings
			for b.Loop() {
				r, err := e.Embed(b.Context(), "default", content)
				require.NoError(b, err)
				sum.Decode += r.Timings.Decode
				sum.Detect += r.Timings.Detect
				sum.Align += r.Timings.Align
				sum.Recognise += r.Timings.Recognise
				sum.Assess += r.Timings.Assess
			}
			for stage, d := range map[string]time.Duration{
				"decode": sum.Decode, "detect": sum.Detect, "align": sum.Align,
				"recognise": sum.Recognise, "assess": sum.Assess,
			} {
				b.ReportMetric(float64(d.Microseconds())/1000/float64(b.N), stage+"-ms/op")
			}
		})
	}
}
