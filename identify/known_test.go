package identify_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/identify"
	"oneton/store"
	"oneton/store/storetest"
)

// texts is a store that keeps the texts of what is read.
type texts struct {
	storetest.Store

	read map[string]bool
}

func (s texts) Read(ctx context.Context, doing string, do func(store.Reader) error) error {
	return s.Store.Read(ctx, doing, func(r store.Reader) error { return do(textsRead{r, s.read}) })
}

type textsRead struct {
	store.Reader

	read map[string]bool
}

func (r textsRead) Each(scan func(store.Row) error, query string, args ...any) error {
	r.read[query] = true
	return r.Reader.Each(scan, query, args...)
}

// TestKnownInFewTexts: engines keep statements by their text, so that there is none for each
// number of photos; each number is answered all the same.
func TestKnownInFewTexts(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db := texts{open(t), make(map[string]bool)}
		s := on(t, db, &clock{time.Now()})
		req := identify.EnrolRequest{Gallery: gallery, Subject: "p0", Create: true, Once: true, Import: "i", Photos: [][]byte{photograph(t, shown{Person: "p"})}}
		_, err := s.Enrol(t.Context(), by, req)
		require.NoError(t, err)
		clear(db.read)
		for n := 1; n <= identify.MaxKnown; n++ {
			photos := make([]identify.PhotoOf, n)
			for i := range photos {
				photos[i].Subject = store.SubjectID(fmt.Sprint("p", i))
			}
			known, err := s.Known(t.Context(), by, gallery, "i", photos)
			require.NoError(t, err)
			require.Len(t, known, n)
		}
		require.LessOrEqual(t, len(db.read), 9)
		require.NotEmpty(t, db.read)
	})
}
