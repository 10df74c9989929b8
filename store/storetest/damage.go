package storetest

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/store"
)

// Exec runs a statement on a database behind its store's back. Its arguments
// stand for the question marks, one after the other.
type Exec func(t *testing.T, query string, args ...any)

// RunDamage runs the part of the suite that needs to damage what is stored.
func RunDamage(t *testing.T, create func(t *testing.T) (Open, Exec)) {
	tests := map[string]func(t *testing.T, open Open, exec Exec){
		"damaged templates":  testDamagedTemplates,
		"damaged newcomers":  testDamagedNewcomers,
		"damaged metadata":   testDamagedMetadata,
		"damaged columns":    testDamagedColumns,
		"damaged galleries":  testDamagedGalleries,
		"damaged keys":       testDamagedKeys,
		"damaged photos":     testDamagedPhotos,
		"damaged log":        testDamagedLog,
		"without a checksum": testNoChecksum,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			open, exec := create(t)
			test(t, open, exec)
		})
	}
}

// testDamagedTemplates damages one face's row in every way, and checks that the
// face is told as damaged and every other is told as it is.
func testDamagedTemplates(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	flipped := func(f store.Face) []byte {
		b := f.Template.Bytes()
		b[5] ^= 0x10
		return b
	}
	coordinate := func(x float64) func(store.Face) []byte {
		return func(f store.Face) []byte {
			b := f.Template.Bytes()
			binary.LittleEndian.PutUint32(b[8:], math.Float32bits(float32(x)))
			return b
		}
	}
	for name, damage := range map[string]func(f, other store.Face){
		"one bit": func(f, _ store.Face) { exec(t, `UPDATE faces SET template = ? WHERE id = ?`, flipped(f), f.ID) },
		"not a number": func(f, _ store.Face) {
			exec(t, `UPDATE faces SET template = ? WHERE id = ?`, coordinate(math.NaN())(f), f.ID)
		},
		"infinite": func(f, _ store.Face) {
			exec(t, `UPDATE faces SET template = ? WHERE id = ?`, coordinate(math.Inf(1))(f), f.ID)
		},
		"too long": func(f, _ store.Face) { exec(t, `UPDATE faces SET template = ? WHERE id = ?`, coordinate(9)(f), f.ID) },
		"no bytes": func(f, _ store.Face) { exec(t, `UPDATE faces SET template = ? WHERE id = ?`, []byte{}, f.ID) },
		"half a float": func(f, _ store.Face) {
			exec(t, `UPDATE faces SET template = ? WHERE id = ?`, f.Template.Bytes()[:7], f.ID)
		},
		"shorter": func(f, _ store.Face) {
			exec(t, `UPDATE faces SET template = ? WHERE id = ?`, f.Template.Bytes()[:32], f.ID)
		},
		"another's":     func(f, o store.Face) { exec(t, `UPDATE faces SET template = ? WHERE id = ?`, o.Template.Bytes(), f.ID) },
		"its checksum":  func(f, _ store.Face) { exec(t, `UPDATE faces SET checksum = checksum + 1 WHERE id = ?`, f.ID) },
		"another pack":  func(f, _ store.Face) { exec(t, `UPDATE faces SET pack = ? WHERE id = ?`, "pack-c", f.ID) },
		"of another id": func(f, _ store.Face) { exec(t, `UPDATE faces SET id = ? WHERE id = ?`, "g"+f.ID[1:], f.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGallery(t, s)
			before := position(t, s)
			faces := enrol(t, s, g, "p", 3)
			damage(faces[1], faces[2])

			for _, limit := range []int{1, 2, 100} {
				var found []changelog.Change
				for at := before; ; {
					changes, next, err := s.Changes(ctx, at, limit)
					require.NoError(t, err)
					found = append(found, changes...)
					if at == next {
						break
					}
					at = next
				}
				require.Len(t, found, 3)
				for i, c := range found {
					if i == 1 {
						require.ErrorIs(t, c.Damage, store.ErrDamaged)
						require.True(t, c.Lost())
						require.Equal(t, g.ID, c.Gallery)
						require.Equal(t, g.Tenant, c.Tenant)
						require.NotEmpty(t, c.Face)
						require.Nil(t, c.Template)
						continue
					}
					require.NoError(t, c.Damage)
					require.Equal(t, faces[i].Template, c.Template)
				}
			}
			got, err := s.Faces(ctx, g.ID, "p")
			require.NoError(t, err)
			require.Len(t, got, 3)
			require.Equal(t, faces[0], got[0])
			require.Equal(t, "template", got[1].Damage)
			require.Nil(t, got[1].Template)
			require.Equal(t, faces[1].Box, got[1].Box)
			require.Equal(t, faces[2], got[2])

			enrol(t, s, g, "q", 1)
			_, err = s.DeleteFace(ctx, g.ID, "p", got[1].ID)
			require.NoError(t, err, "its owner can remove it")
			RequireReplay(t, s)
		})
	}
}

func testDamagedNewcomers(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	seen := position(t, s)
	faces := enrol(t, s, g, "p", 2)
	for i, f := range faces {
		_, err := s.EnrolAsOf(ctx, seen, anybody, subject(g.ID, "q"), newFaces(1), nil)
		require.ErrorIs(t, err, store.ErrConflict, "%d of them are damaged", i)
		exec(t, `UPDATE faces SET template = ? WHERE id = ?`, make([]byte, 4*Dimension), f.ID)
	}
	_, err := s.EnrolAsOf(ctx, seen, anybody, subject(g.ID, "q"), newFaces(1), nil)
	require.NoError(t, err, "nobody looks like a damaged face")
}

func testDamagedMetadata(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	faces := enrol(t, s, g, "p", 1)
	enrol(t, s, g, "q", 1)
	exec(t, `UPDATE subjects SET metadata = ? WHERE id = ?`, `["team"]`, "p")

	changes, _, err := s.Changes(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, changes, 2)
	require.ErrorIs(t, changes[0].Damage, store.ErrDamaged)
	require.False(t, changes[0].Lost(), "the face can be found, if not by its metadata")
	require.Equal(t, faces[0].Template, changes[0].Template)
	require.Empty(t, changes[0].Metadata)
	require.NoError(t, changes[1].Damage)

	sub, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, "metadata", sub.Damage)
	require.Equal(t, 1, sub.Faces)
	found, err := s.SubjectsOf(ctx, g.ID, []string{faces[0].ID})
	require.NoError(t, err)
	require.Equal(t, map[string]store.Subject{faces[0].ID: sub}, found)
	all, err := s.Subjects(ctx, g.ID, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, all, 2)

	_, err = describe(ctx, s, g.ID, "p", map[string]string{"team": "red"})
	require.NoError(t, err)
	sub, err = s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Empty(t, sub.Damage, "new metadata mend it")
	RequireReplay(t, s)
}

func testDamagedColumns(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	faces := enrol(t, s, g, "p", 2)
	exec(t, `UPDATE faces SET quality = ?, box = ?, landmarks = ? WHERE id = ?`, `"x"`, `[]`, `{}`, faces[0].ID)
	got, err := s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, "box, landmarks, quality", got[0].Damage)
	require.Equal(t, faces[0].Template, got[0].Template)
	require.Equal(t, face.Box{}, got[0].Box)
	require.Equal(t, faces[1], got[1])
	changes, _, err := s.Changes(ctx, 0, 10)
	require.NoError(t, err)
	require.NoError(t, changes[0].Damage, "what no view needs")
}

func testDamagedGalleries(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	h := gallery(t, s, g.Tenant, "visitors")
	_, err := s.UpdatePolicy(ctx, g.Tenant, h.Name, func(store.Gallery) (store.Policy, error) {
		return store.Policy{FPIR: 0.1, Retention: time.Hour}, nil
	})
	require.NoError(t, err)
	enrol(t, s, h, "p", 1)
	for _, policy := range []string{`[1]`, `"x"`, `{"fpir": "x"}`} {
		exec(t, `UPDATE galleries SET policy = ? WHERE id = ?`, policy, g.ID)
		got, err := s.Gallery(ctx, g.Tenant, g.Name)
		require.NoError(t, err)
		require.Equal(t, store.Policy{}, got.Policy)
		require.Equal(t, "policy", got.Damage)
		all, err := s.Galleries(ctx, g.Tenant, store.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Empty(t, all[1].Damage)
	}
	n, err := s.DeleteExpired(ctx, epoch.Add(48*time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, n, "other galleries' retention goes on")
	enrol(t, s, g, "kept", 1)
	for _, retention := range []string{`"x"`, `[1]`, `true`, `null`} {
		exec(t, `UPDATE galleries SET policy = ? WHERE id = ?`, `{"retention": `+retention+`}`, g.ID)
		expired, err := s.Expired(ctx, epoch.Add(48*time.Hour))
		require.NoError(t, err)
		require.Empty(t, expired)
		n, err := s.DeleteExpired(ctx, epoch.Add(48*time.Hour))
		require.NoError(t, err)
		require.Zero(t, n, "a retention that cannot be read deletes nothing")
	}
	_, err = s.DeleteGallery(ctx, g.Tenant, g.Name)
	require.NoError(t, err)
	end := position(t, s)
	exec(t, `UPDATE galleries SET position = ?`, int64(1)<<40)
	at, err := s.PositionOf(ctx, h.ID)
	require.NoError(t, err)
	require.LessOrEqual(t, at, end, "a search would wait for ever")
}

func testDamagedKeys(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	id := tenant(t, s)
	for _, k := range []string{"k1", "k2"} {
		require.NoError(t, s.CreateKey(ctx, store.Key{ID: k, Tenant: id, MAC: []byte{1}, Scopes: []string{"search"}}))
	}
	exec(t, `UPDATE keys SET scopes = ? WHERE id = ?`, `{"all": 1}`, "k1")
	all, err := s.Keys(ctx, id)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "scopes", all[0].Damage)
	require.Empty(t, all[0].Scopes)
	require.Equal(t, []string{"search"}, all[1].Scopes)
	require.NoError(t, s.RevokeKey(ctx, id, "k1"))
}

func testDamagedPhotos(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	faces := newFaces(2)
	photos := []store.Photo{{MediaType: "image/png", Bytes: []byte("one")}, {MediaType: "image/png", Bytes: []byte("two")}}
	_, err := s.Enrol(ctx, subject(g.ID, "p"), faces, photos, true)
	require.NoError(t, err)
	exec(t, `UPDATE photos SET bytes = ? WHERE bytes = ?`, []byte("tne"), []byte("one"))
	got, err := s.Photo(ctx, g.ID, faces[0].ID)
	require.ErrorIs(t, err, store.ErrDamaged)
	require.Empty(t, got.Bytes)
	got, err = s.Photo(ctx, g.ID, faces[1].ID)
	require.NoError(t, err)
	require.Equal(t, photos[1], got)
}

func testDamagedLog(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	enrol(t, s, g, "p", 3)
	exec(t, `UPDATE changes SET kind = ? WHERE seq = ?`, 77, 2)
	changes, next, err := s.Changes(ctx, 0, 10)
	require.NoError(t, err)
	require.Equal(t, uint64(3), next)
	require.Len(t, changes, 3)
	require.ErrorIs(t, changes[1].Damage, store.ErrDamaged)
	require.True(t, changes[1].Lost())
	exec(t, `UPDATE changes SET kind = ? WHERE seq = ?`, 20000, 2)
	again, _, err := s.Changes(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, again, 3)

	// One bit makes a put or a deletion of a face a gallery's drop.
	_, err = s.DeleteFace(ctx, g.ID, "p", changes[0].Face)
	require.NoError(t, err)
	exec(t, `UPDATE changes SET kind = ? WHERE seq > 1`, int(changelog.DropGallery))
	again, _, err = s.Changes(ctx, 1, 10)
	require.NoError(t, err)
	require.Len(t, again, 3)
	for _, c := range again {
		require.True(t, c.Lost())
		require.ErrorIs(t, c.Damage, store.ErrDamaged)
	}
}

// testNoChecksum is about rows from before there were checksums: opening the
// store gives them theirs, but for those that are damaged already.
func testNoChecksum(t *testing.T, open Open, exec Exec) {
	s, ctx := open(t), t.Context()
	g := newGallery(t, s)
	faces := enrol(t, s, g, "p", 3)
	bad := faces[1].Template.Bytes()
	bad[3] = 0x7f
	exec(t, `UPDATE faces SET checksum = NULL`)
	exec(t, `UPDATE faces SET template = ? WHERE id = ?`, bad, faces[1].ID)
	check := func(s Store) {
		got, err := s.Faces(ctx, g.ID, "p")
		require.NoError(t, err)
		require.Equal(t, faces[0], got[0])
		require.Equal(t, "template", got[1].Damage)
		require.Equal(t, faces[2], got[2])
	}
	check(s)
	require.NoError(t, s.Close())
	for range 2 {
		s = open(t)
		check(s)
		require.NoError(t, s.Close())
	}
	s = opened(t, open)
	bad = faces[0].Template.Bytes()
	bad[0] ^= 1
	exec(t, `UPDATE faces SET template = ? WHERE id = ?`, bad, faces[0].ID)
	got, err := s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, "template", got[0].Damage, "from then on one bit is told")
}
