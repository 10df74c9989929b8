package storetest

import (
	"encoding/binary"
	"errors"
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
		"reassigned damage":  testReassignedDamage,
		"damaged galleries":  testDamagedGalleries,
		"damaged keys":       testDamagedKeys,
		"damaged photos":     testDamagedPhotos,
		"damaged log":        testDamagedLog,
		"damaged policies":   testDamagedPolicies,
		"damaged ages":       testDamagedAges,
		"damaged by a bit":   testDamagedByABit,
		"without a checksum": testNoChecksum,
		"without any":        testNoChecksums,
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
		"another pack":  func(f, _ store.Face) { exec(t, `UPDATE faces SET space = ? WHERE id = ?`, "pack-c", f.ID) },
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
			require.Contains(t, got[1].Damage, "template")
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
	found, err := s.SubjectsOf(ctx, g.ID, []store.FaceID{faces[0].ID})
	require.NoError(t, err)
	require.Equal(t, map[store.FaceID]store.Subject{faces[0].ID: sub}, found)
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
	id, other := tenant(t, s), tenant(t, s)
	for _, k := range []string{"k1", "k2"} {
		require.NoError(t, s.CreateKey(ctx, store.Key{ID: store.KeyID(k), Tenant: id, MAC: []byte{1}, Scopes: []string{"search"}}))
	}
	for _, scopes := range []string{`{"all": 1}`, `["searcl"]`, `["search", "all"]`, `["all"]`} {
		exec(t, `UPDATE keys SET scopes = ? WHERE id = ?`, scopes, "k1")
		all, err := s.Keys(ctx, id)
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.NotEmpty(t, all[0].Damage)
		require.Empty(t, all[0].Scopes)
		require.Empty(t, all[1].Damage)
		require.Equal(t, []string{"search"}, all[1].Scopes)
	}
	require.NoError(t, s.RevokeKey(ctx, id, "k1"))
	k, err := s.Key(ctx, "k1")
	require.NoError(t, err)
	require.Empty(t, k.Scopes)
	require.NotEmpty(t, k.Damage, "a revocation does not vouch for the rest")
	require.False(t, k.RevokedAt.IsZero())

	require.NoError(t, s.RevokeKey(ctx, id, "k2"))
	k, err = s.Key(ctx, "k2")
	require.NoError(t, err)
	require.Empty(t, k.Damage)
	exec(t, `UPDATE keys SET revoked_at = NULL WHERE id = ?`, "k2")
	k, err = s.Key(ctx, "k2")
	require.NoError(t, err)
	require.Empty(t, k.Scopes, "a revocation that is lost gives nothing back")
	require.NoError(t, s.CreateKey(ctx, store.Key{ID: "k3", Tenant: other, MAC: []byte{1}, Scopes: []string{"search"}, EndsAt: epoch}))
	exec(t, `UPDATE keys SET ends_at = NULL WHERE id = ?`, "k3")
	k, err = s.Key(ctx, "k3")
	require.NoError(t, err)
	require.True(t, k.Valid(epoch))
	require.Empty(t, k.Scopes, "nor does an end that is lost")
	damaged, err := s.Damaged(ctx)
	require.NoError(t, err)
	require.ElementsMatch(t, []store.Damaged{
		{What: store.DamagedKey, Tenant: id, Name: "k1"}, {What: store.DamagedKey, Tenant: id, Name: "k2"}, {What: store.DamagedKey, Tenant: other, Name: "k3"},
	}, damaged)
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
	s, ctx := started(t, open), t.Context()
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
		s = started(t, open)
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

// testDamagedPolicies changes a policy so that it is still one, as a flipped bit of
// a digit does.
func testDamagedPolicies(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	was := store.Policy{FPIR: 1e-7, Quality: store.GateEnforce, Liveness: store.GateOff, KeepPhotos: true, Retention: 1000*time.Hour + 1}
	require.NoError(t, update(ctx, s, g.Tenant, g.Name, was))
	enrol(t, s, g, "p", 2)
	sound := gallery(t, s, g.Tenant, "visitors")
	late := epoch.Add(900 * time.Hour)

	for name, policy := range map[string]string{
		"a digit of the retention": `{"fpir": 1e-07, "quality": "enforce", "liveness": "off", "keep_photos": true, "retention": 1600000000000001}`,
		"its last digit":           `{"fpir": 1e-07, "quality": "enforce", "liveness": "off", "keep_photos": true, "retention": 3600000000000000}`,
		"a letter of a name":       `{"fpir": 1e-07, "quality": "enforce", "liveness": "off", "keep_photos": true, "retentiom": 3600000000000001}`,
		"the rate":                 `{"fpir": 1e-03, "quality": "enforce", "liveness": "off", "keep_photos": true, "retention": 3600000000000001}`,
		"a gate":                   `{"fpir": 1e-07, "quality": "enforcd", "liveness": "off", "keep_photos": true, "retention": 3600000000000001}`,
	} {
		exec(t, `UPDATE galleries SET policy = ? WHERE id = ?`, policy, g.ID)
		got, err := s.Gallery(ctx, g.Tenant, g.Name)
		require.NoError(t, err)
		require.Equal(t, store.DamagedPolicy, got.Damage, name)
		require.Equal(t, g.Name, got.Name)
		expired, err := s.Expired(ctx, late)
		require.NoError(t, err)
		require.Empty(t, expired, name)
		n, err := s.DeleteExpired(ctx, late)
		require.NoError(t, err)
		require.Zero(t, n, name)
		damaged, err := s.Damaged(ctx)
		require.NoError(t, err)
		require.Equal(t, []store.Damaged{{What: store.DamagedPolicy, Tenant: g.Tenant, Name: g.Name}}, damaged, name)
	}

	// The same policy in another form of JSON is the same.
	exec(t, `UPDATE galleries SET policy = ? WHERE id = ?`,
		`{"retention":3600000000000001,  "fpir":0.00000010, "quality":"enforce","keep_photos":true,"liveness":"off"}`, g.ID)
	got, err := s.Gallery(ctx, g.Tenant, g.Name)
	require.NoError(t, err)
	require.Empty(t, got.Damage)
	require.Equal(t, was, got.Policy)

	exec(t, `UPDATE galleries SET policy = ? WHERE id = ?`, `{"fpir": 1e-07, "retention": 1}`, g.ID)
	refused := errors.New("refused")
	_, err = s.UpdatePolicy(ctx, g.Tenant, g.Name, func(g store.Gallery) (store.Policy, error) {
		require.Equal(t, store.DamagedPolicy, g.Damage)
		return store.Policy{}, refused
	})
	require.ErrorIs(t, err, refused)
	was.Retention = time.Hour
	require.NoError(t, update(ctx, s, g.Tenant, g.Name, was))
	got, err = s.Gallery(ctx, g.Tenant, g.Name)
	require.NoError(t, err)
	require.Empty(t, got.Damage, "a new policy mends it")
	require.Equal(t, was, got.Policy)
	n, err := s.DeleteExpired(ctx, late)
	require.NoError(t, err)
	require.Equal(t, 2, n)

	// What a gallery is found by cannot be mended.
	exec(t, `UPDATE galleries SET name = ? WHERE id = ?`, "stagf", g.ID)
	got, err = s.Gallery(ctx, g.Tenant, "stagf")
	require.NoError(t, err)
	require.Equal(t, store.DamagedGallery, got.Damage)
	require.ErrorIs(t, update(ctx, s, g.Tenant, "stagf", was), store.ErrDamaged)
	enrol(t, s, g, "q", 1)
	n, err = s.DeleteExpired(ctx, late)
	require.NoError(t, err)
	require.Zero(t, n)
	got, err = s.Gallery(ctx, g.Tenant, sound.Name)
	require.NoError(t, err)
	require.Equal(t, sound, got)
}

// testDamagedAges makes faces look older than they are.
func testDamagedAges(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	require.NoError(t, update(ctx, s, g.Tenant, g.Name, store.Policy{FPIR: 0.01, Retention: time.Hour}))
	faces := enrol(t, s, g, "p", 300)
	last := faces[299]
	exec(t, `UPDATE faces SET details = details + 1 WHERE id <> ?`, last.ID)
	n, err := s.DeleteExpired(ctx, epoch.Add(2*time.Hour))
	require.ErrorIs(t, err, store.ErrDamaged, "it cannot be told how old they are")
	require.ErrorContains(t, err, string(faces[0].ID))
	require.Equal(t, 1, n, "and they do not keep others from going")
	got, err := s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Len(t, got, 299)
	require.Equal(t, "details", got[0].Damage)
	require.Equal(t, faces[0].Template, got[0].Template, "they can still be compared")

	exec(t, `UPDATE faces SET details = details - 1`)
	exec(t, `UPDATE faces SET template = ? WHERE id = ?`, []byte{1, 2, 3}, faces[0].ID)
	n, err = s.DeleteExpired(ctx, epoch.Add(2*time.Hour))
	require.NoError(t, err)
	require.Equal(t, 299, n, "a template that cannot be read is no reason to keep it")
	RequireReplay(t, s)
}

// testDamagedByABit changes every other thing that is kept, a little, and checks
// that it is told.
func testDamagedByABit(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	faces := newFaces(1)
	_, err := s.Enrol(ctx, subject(g.ID, "p", "team", "red"), faces, nil, true)
	require.NoError(t, err)
	quality := func() string { f, err := s.Faces(ctx, g.ID, "p"); require.NoError(t, err); return f[0].Damage }
	require.Empty(t, quality())
	exec(t, `UPDATE faces SET quality = ? WHERE id = ?`, `{"score": 0.9}`, faces[0].ID)
	require.Equal(t, "details", quality())

	exec(t, `UPDATE subjects SET metadata = ? WHERE id = ?`, `{"team": "rad"}`, "p")
	sub, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, "metadata", sub.Damage)
	require.Empty(t, sub.Metadata, "they would be filtered by")
	changes, _, err := s.Changes(ctx, 0, 10)
	require.NoError(t, err)
	require.ErrorIs(t, changes[0].Damage, store.ErrDamaged)
	require.False(t, changes[0].Lost())

	require.NoError(t, s.PutCalibration(ctx, "default", []byte(`{"knots": [{"cosine": 0.25, "fmr": 1e-7}]}`)))
	definition, err := s.Calibration(ctx, "default")
	require.NoError(t, err)
	require.JSONEq(t, `{"knots": [{"cosine": 0.25, "fmr": 1e-7}]}`, string(definition))
	exec(t, `UPDATE calibrations SET definition = ?`, `{"knots": [{"cosine": 0.24, "fmr": 1e-7}]}`)
	_, err = s.Calibration(ctx, "default")
	require.ErrorIs(t, err, store.ErrDamaged)
	damaged, err := s.Damaged(ctx)
	require.NoError(t, err)
	require.Equal(t, []store.Damaged{{What: store.DamagedCalibration, Name: "default"}}, damaged)
	require.NoError(t, s.PutCalibration(ctx, "default", []byte(`{"knots": []}`)))
	damaged, err = s.Damaged(ctx)
	require.NoError(t, err)
	require.Empty(t, damaged)
}

// testNoChecksums is testNoChecksum for all other tables.
func testNoChecksums(t *testing.T, open Open, exec Exec) {
	s, ctx := started(t, open), t.Context()
	g := newGallery(t, s)
	spoilt := gallery(t, s, g.Tenant, "visitors")
	_, err := s.Enrol(ctx, subject(g.ID, "p", "team", "red"), newFaces(2), nil, true)
	require.NoError(t, err)
	require.NoError(t, s.CreateKey(ctx, store.Key{ID: "k", Tenant: g.Tenant, MAC: []byte{1}, Scopes: []string{"search"}}))
	require.NoError(t, s.RevokeKey(ctx, g.Tenant, "k"))
	require.NoError(t, s.PutCalibration(ctx, "default", []byte(`{"knots": []}`)))
	dropped := gallery(t, s, g.Tenant, "dropped")
	for _, table := range []string{"galleries", "keys", "calibrations", "subjects", "faces"} {
		exec(t, `UPDATE `+table+` SET checksum = NULL`)
	}
	exec(t, `UPDATE faces SET details = NULL`)
	exec(t, `UPDATE galleries SET policy = ? WHERE id = ?`, `{"fpir": "x"}`, spoilt.ID)
	exec(t, `UPDATE galleries SET tenant = NULL WHERE id = ?`, dropped.ID)
	require.NoError(t, s.Close())

	s = opened(t, open)
	damaged, err := s.Damaged(ctx)
	require.NoError(t, err)
	require.Equal(t, []store.Damaged{{What: store.DamagedPolicy, Tenant: g.Tenant, Name: spoilt.Name}}, damaged)
	require.NoError(t, update(ctx, s, g.Tenant, spoilt.Name, store.Policy{FPIR: 0.1}), "it can be mended")
	RequireReplay(t, s)
	exec(t, `UPDATE galleries SET policy = ?`, `{"fpir": 0.02}`)
	exec(t, `UPDATE keys SET revoked_at = NULL`)
	exec(t, `UPDATE calibrations SET definition = ?`, `{}`)
	damaged, err = s.Damaged(ctx)
	require.NoError(t, err)
	require.Len(t, damaged, 4, "from then on it is told")
	exec(t, `UPDATE faces SET quality = ?`, `{}`)
	exec(t, `UPDATE subjects SET metadata = ?`, `{}`)
	faces, err := s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, "details", faces[1].Damage)
	sub, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, "metadata", sub.Damage)
}
