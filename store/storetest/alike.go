package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/face"
	"oneton/store"
)

// Alike runs the same random calls, most of them with arguments that some
// engine has no place for, on a store and on another, and requires the same
// answers of both.
func Alike(t *testing.T, one, other Open) {
	a, b := opened(t, one), opened(t, other)
	rapid.Check(t, func(rt *rapid.T) {
		// Checks share the databases, and must not share rows.
		h := hostile{salt: uuid.NewString()[:8], face: uuid.NewString()}
		for i := range rapid.IntRange(1, 25).Draw(rt, "calls") {
			call := h.call(rt)
			require.Equal(rt, call.ask(a), call.ask(b), "call %d: %s", i, call.name)
		}
	})
}

// call is one call with its arguments.
type call struct {
	name string
	do   func(truth) (any, error)
}

// ask is what the store answers: values, or the sentinels of the error.
func (c call) ask(s truth) string {
	v, err := c.do(s)
	if err == nil {
		return fmt.Sprintf("%+v", v)
	}
	var is []string
	for _, sentinel := range []error{store.ErrNotFound, store.ErrExists, store.ErrConflict, store.ErrInvalid, store.ErrUnavailable} {
		if errors.Is(err, sentinel) {
			is = append(is, sentinel.Error())
		}
	}
	if is == nil {
		return "unexplained: " + err.Error()
	}
	return strings.Join(is, ", ")
}

// hostile draws calls.
type hostile struct{ salt, face string }

// texts are what engines have been known to keep, compare or refuse each in
// its own way.
var texts = []string{
	"a", "A", "a ", " a", "b", "aa", "", " ", "\t", "a\nb", "é", "e\u0301", "É", "ß", "ss", "ı", "%", "_", `\`, `'`, `"`, "$1", "?", "NULL",
	"0", "00", "1e0", "\x01", "\x7f", "\u0080", "\u2028", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\U0001f600", "\U0010ffff",
	"\x00", "a\x00", "\x00a", "\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xed\xb0\x80", "\xf4\x90\x80\x80",
}

func (h hostile) text(t *rapid.T, label string) string {
	switch rapid.IntRange(0, 9).Draw(t, label) {
	case 0:
		return rapid.String().Draw(t, label)
	case 1:
		return string(rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, label))
	case 2:
		// Too varied to be compressed, around the longest id and the longest
		// row of an index.
		n := rapid.SampledFrom([]int{119, 120, 121, 128, 129, 2700, 8200}).Draw(t, label)
		rng := rand.New(rand.NewPCG(0, rapid.Uint64().Draw(t, label)))
		text := make([]byte, n)
		for i := range text {
			text[i] = '0' + byte(rng.IntN(75))
		}
		return string(text)
	case 3:
		return strings.Repeat("x", rapid.SampledFrom([]int{120, 121, 5000, 70000}).Draw(t, label))
	default:
		return rapid.SampledFrom(texts).Draw(t, label)
	}
}

// id is a text that no other check writes; it may be too long with its salt.
func (h hostile) id(t *rapid.T, label string) string {
	s := h.text(t, label)
	if rapid.IntRange(0, 3).Draw(t, label+" is plain") > 0 {
		s = rapid.SampledFrom([]string{"a", "b"}).Draw(t, label)
	}
	if s == "" {
		return ""
	}
	return h.salt + s
}

func (h hostile) time(t *rapid.T) time.Time {
	return rapid.SampledFrom([]time.Time{
		epoch, epoch.Add(999), epoch.In(time.FixedZone("", 5*3600)), time.Unix(0, 0), time.Unix(-1, 999999999),
		time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
		time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 0),
	}).Draw(t, "time")
}

func (h hostile) metadata(t *rapid.T) map[string]string {
	m := make(map[string]string)
	for range rapid.IntRange(0, 3).Draw(t, "metadata") {
		m[h.text(t, "key")] = h.text(t, "value")
	}
	return m
}

func (h hostile) policy(t *rapid.T) store.Policy {
	return store.Policy{
		FPIR: rapid.SampledFrom([]float64{
			0.01, 0, -1, math.SmallestNonzeroFloat64, math.MaxFloat64, 1.0 / 3, math.NaN(), math.Inf(1),
		}).Draw(t, "fpir"),
		Quality: h.text(t, "quality"), Liveness: store.GateOff, Detail: h.text(t, "detail"),
		Retention: rapid.SampledFrom([]time.Duration{0, 1, time.Microsecond, -1, math.MaxInt64, math.MinInt64}).Draw(t, "retention"),
	}
}

func (h hostile) page(t *rapid.T) store.Page {
	return store.Page{
		After: h.text(t, "after"),
		Limit: rapid.SampledFrom([]int{0, 1, 2, -1, math.MaxInt, math.MinInt}).Draw(t, "limit"),
	}
}

func (h hostile) newFace(t *rapid.T) store.Face {
	f := NewFace(h.face)
	f.CreatedAt = h.time(t)
	switch rapid.IntRange(0, 9).Draw(t, "face") {
	case 0:
		f.ID = store.FaceID(h.text(t, "face id"))
	case 1:
		f.Pack = h.text(t, "pack")
	case 2:
		f.Quality.Reasons = []string{h.text(t, "reason")}
	case 3:
		f.Box.X = float32(math.NaN())
	case 4:
		f.Quality.Score = math.MaxFloat32
	case 5:
		f.Box.Y = math.SmallestNonzeroFloat32
	case 6:
		f.Template = f.Template[:len(f.Template)-1]
	case 7:
		f.Landmarks[0] = face.Point{X: float32(math.Inf(-1))}
	}
	return f
}

// call draws one call. What the clock decides is left out of the answer.
func (h hostile) call(t *rapid.T) call {
	tenant, gallery, sub := h.id(t, "tenant"), h.id(t, "gallery"), h.id(t, "subject")
	ctx := context.Background()
	seen := rapid.SampledFrom([]uint64{0, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64}).Draw(t, "position")
	calls := map[string]func() func(truth) (any, error){
		"create tenant": func() func(truth) (any, error) {
			tn := store.Tenant{ID: store.TenantID(tenant), Name: h.text(t, "name"), CreatedAt: h.time(t)}
			return func(s truth) (any, error) { return nil, s.CreateTenant(ctx, tn) }
		},
		"tenant": func() func(truth) (any, error) {
			return func(s truth) (any, error) { return s.Tenant(ctx, store.TenantID(tenant)) }
		},
		"delete tenant": func() func(truth) (any, error) {
			return func(s truth) (any, error) { return s.DeleteTenant(ctx, store.TenantID(tenant)) }
		},
		"tenants": func() func(truth) (any, error) {
			p := h.page(t)
			p.After = h.salt + p.After
			return func(s truth) (any, error) {
				ts, err := s.Tenants(ctx, p)
				for i := range ts {
					if !strings.HasPrefix(string(ts[i].ID), h.salt) {
						return ts[:i], err
					}
				}
				return ts, err
			}
		},
		"create key": func() func(truth) (any, error) {
			k := store.Key{ID: store.KeyID(h.id(t, "key")), Tenant: store.TenantID(tenant), Name: h.text(t, "name"), CreatedAt: h.time(t)}
			k.MAC = rapid.SampledFrom([][]byte{{1}, {0}, {}, nil}).Draw(t, "mac")
			k.Scopes = rapid.SampledFrom([][]string{nil, {}, {"search"}, {h.text(t, "scope")}}).Draw(t, "scopes")
			return func(s truth) (any, error) { return nil, s.CreateKey(ctx, k) }
		},
		"key": func() func(truth) (any, error) {
			id := h.id(t, "key")
			return func(s truth) (any, error) { return masked(s.Key(ctx, store.KeyID(id))) }
		},
		"keys": func() func(truth) (any, error) {
			return func(s truth) (any, error) { return maskedAll(s.Keys(ctx, store.TenantID(tenant))) }
		},
		"revoke key": func() func(truth) (any, error) {
			id := h.id(t, "key")
			return func(s truth) (any, error) { return nil, s.RevokeKey(ctx, store.TenantID(tenant), store.KeyID(id)) }
		},
		"create gallery": func() func(truth) (any, error) {
			g := store.Gallery{
				// Its id is its name, so that the calls below find it.
				ID: store.GalleryID(gallery), Tenant: store.TenantID(tenant), Name: gallery, Pack: rapid.SampledFrom([]string{Pack, h.text(t, "pack")}).Draw(t, "of pack"),
				Policy: h.policy(t), CreatedAt: h.time(t),
			}
			return func(s truth) (any, error) { return nil, s.CreateGallery(ctx, g) }
		},
		"gallery": func() func(truth) (any, error) {
			return func(s truth) (any, error) { return s.Gallery(ctx, store.TenantID(tenant), gallery) }
		},
		"galleries": func() func(truth) (any, error) {
			p := h.page(t)
			return func(s truth) (any, error) { return s.Galleries(ctx, store.TenantID(tenant), p) }
		},
		"update policy": func() func(truth) (any, error) {
			p := h.policy(t)
			return func(s truth) (any, error) { return nil, update(ctx, s, store.TenantID(tenant), gallery, p) }
		},
		"delete gallery": func() func(truth) (any, error) {
			return func(s truth) (any, error) {
				_, err := s.DeleteGallery(ctx, store.TenantID(tenant), gallery)
				return nil, err
			}
		},
		"enrol": func() func(truth) (any, error) {
			faces, create := []store.Face{h.newFace(t)}, rapid.IntRange(0, 2).Draw(t, "create") > 0
			photos := rapid.SampledFrom([][]store.Photo{nil, {{}}, {{MediaType: h.text(t, "media type"), Bytes: []byte("x")}}}).Draw(t, "photos")
			made := store.Subject{Gallery: store.GalleryID(gallery), ID: store.SubjectID(sub), Metadata: h.metadata(t), CreatedAt: h.time(t), UpdatedAt: h.time(t)}
			return func(s truth) (any, error) { _, err := s.Enrol(ctx, made, faces, photos, create); return nil, err }
		},
		"enrol as of": func() func(truth) (any, error) {
			made := store.Subject{Gallery: store.GalleryID(gallery), ID: store.SubjectID(sub), Metadata: h.metadata(t), CreatedAt: h.time(t), UpdatedAt: h.time(t)}
			faces := []store.Face{h.newFace(t)}
			return func(s truth) (any, error) {
				_, err := s.EnrolAsOf(ctx, seen, anybody, made, faces, nil)
				return nil, err
			}
		},
		"subject": func() func(truth) (any, error) {
			return func(s truth) (any, error) {
				got, err := s.Subject(ctx, store.GalleryID(gallery), store.SubjectID(sub))
				got.UpdatedAt = time.Time{}
				return got, err
			}
		},
		"subjects": func() func(truth) (any, error) {
			p := h.page(t)
			return func(s truth) (any, error) {
				got, err := s.Subjects(ctx, store.GalleryID(gallery), p)
				return ids(got, func(sub store.Subject) string { return string(sub.ID) }), err
			}
		},
		"update metadata": func() func(truth) (any, error) {
			m := h.metadata(t)
			return func(s truth) (any, error) {
				_, err := describe(ctx, s, store.GalleryID(gallery), store.SubjectID(sub), m)
				return nil, err
			}
		},
		"delete subject": func() func(truth) (any, error) {
			return func(s truth) (any, error) {
				_, err := s.DeleteSubject(ctx, store.GalleryID(gallery), store.SubjectID(sub))
				return nil, err
			}
		},
		"faces": func() func(truth) (any, error) {
			return func(s truth) (any, error) { return s.Faces(ctx, store.GalleryID(gallery), store.SubjectID(sub)) }
		},
		"delete face": func() func(truth) (any, error) {
			id := rapid.SampledFrom([]string{h.face, h.text(t, "face id")}).Draw(t, "face")
			return func(s truth) (any, error) {
				_, err := s.DeleteFace(ctx, store.GalleryID(gallery), store.SubjectID(sub), store.FaceID(id))
				return nil, err
			}
		},
		"photo": func() func(truth) (any, error) {
			id := rapid.SampledFrom([]string{h.face, h.text(t, "face id")}).Draw(t, "face")
			return func(s truth) (any, error) { return s.Photo(ctx, store.GalleryID(gallery), store.FaceID(id)) }
		},
		"delete photos": func() func(truth) (any, error) {
			return func(s truth) (any, error) {
				return nil, s.DeletePhotos(ctx, store.GalleryID(gallery), store.SubjectID(sub))
			}
		},
		"changes": func() func(truth) (any, error) {
			return func(s truth) (any, error) {
				changes, next, err := s.Changes(ctx, max(seen, math.MaxInt64), 10)
				return fmt.Sprint(changes, next), err
			}
		},
		"put calibration": func() func(truth) (any, error) {
			pack, definition := h.id(t, "pack"), rapid.SampledFrom([]string{
				`{}`, ` {"a":1}`, `{"a":"\u0000"}`, `{"a":"\ud800"}`, `{"a":"\ud83d\ude00"}`, "{\"a\":\"\x00\"}", "{\"a\":\"\xff\"}",
				`[]`, `1`, `null`, ``, `{`, `{}x`, `{"a":1e400000}`, `{"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
			}).Draw(t, "definition")
			return func(s truth) (any, error) { return nil, s.PutCalibration(ctx, pack, []byte(definition)) }
		},
		"calibration": func() func(truth) (any, error) {
			pack := h.id(t, "pack")
			return func(s truth) (any, error) { _, err := s.Calibration(ctx, pack); return nil, err }
		},
		"delete calibration": func() func(truth) (any, error) {
			pack := h.id(t, "pack")
			return func(s truth) (any, error) { return nil, s.DeleteCalibration(ctx, pack) }
		},
	}
	name := rapid.SampledFrom(sortedNames(calls)).Draw(t, "call")
	return call{name, calls[name]()}
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// masked leaves out the time of a revocation.
func masked(k store.Key, err error) (store.Key, error) {
	if !k.RevokedAt.IsZero() {
		k.RevokedAt = epoch
	}
	return k, err
}

func maskedAll(ks []store.Key, err error) ([]store.Key, error) {
	for i, k := range ks {
		ks[i], _ = masked(k, nil)
	}
	return ks, err
}
