package facenition_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/chacha20poly1305"

	"oneton/config"
	"oneton/face"
	"oneton/identify"
	"oneton/identitytoken"
	"oneton/identitytoken/token"
	"oneton/pool"
	"oneton/secret"
	"oneton/store"
	"oneton/store/postgres/postgrestest"
)

// grain is how many bytes in a row count as found.
const grain = 16

// needles are pieces of what must not be there, and what each is of.
type needles struct {
	of map[[grain]byte]string
	// begins tells by the first two bytes whether there is one.
	begins [1 << 16]bool
}

// add takes pieces of the bytes, each some way after the one before.
func (n *needles) add(what string, b []byte) {
	const apart = 48
	for i := 0; i+grain <= len(b); i += apart {
		n.begins[binary.BigEndian.Uint16(b[i:])] = true
		n.of[[grain]byte(b[i:])] = what
	}
}

// bytes takes them as they are and as texts may have them.
func (n *needles) bytes(what string, b []byte) {
	n.add(what, b)
	n.add(what+" in hexadecimal", []byte(hex.EncodeToString(b)))
	for shift := range min(3, len(b)) { // where its groups of three begin
		n.add(what+" in base64", []byte(base64.RawStdEncoding.EncodeToString(b[shift:])))
		n.add(what+" in base64url", []byte(base64.RawURLEncoding.EncodeToString(b[shift:])))
	}
}

// vector takes a unit vector in every form in which one may be kept.
func (n *needles) vector(what string, v []float64) {
	var single, double, big []byte
	most := 0.0
	for _, x := range v {
		single = binary.LittleEndian.AppendUint32(single, math.Float32bits(float32(x)))
		big = binary.BigEndian.AppendUint32(big, math.Float32bits(float32(x)))
		double = binary.LittleEndian.AppendUint64(double, math.Float64bits(x))
		most = max(most, math.Abs(x))
	}
	n.bytes(what+" as f32", single)
	n.bytes(what+" as big-endian f32", big)
	n.bytes(what+" as f64", double)
	for _, scale := range []float64{1, most} {
		var codes, packed []byte
		for i, x := range v {
			codes = append(codes, byte(int8(math.RoundToEven(x/scale*127))))
			nibble := byte(int8(math.RoundToEven(x/scale*7))) & 15
			if i%2 == 0 {
				packed = append(packed, nibble)
			} else {
				packed[len(packed)-1] |= nibble << 4
			}
		}
		n.bytes(what+" as int8", codes)
		if scale != 1 { // a unit vector's coordinates have but two or three steps of 7
			n.bytes(what+" as packed nibbles", packed)
		}
	}
}

func wide(t face.Template) []float64 {
	v := make([]float64, len(t))
	for i, x := range t {
		v[i] = float64(x)
	}
	return v
}

// search is what is found in the files beneath the folders, and how many bytes were
// looked at.
func (n *needles) search(t *testing.T, folders ...string) (found []string, looked int) {
	t.Helper()
	for _, folder := range folders {
		require.NoError(t, filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if os.IsNotExist(err) { // a file of a database at work
				return nil
			}
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if os.IsNotExist(err) {
				return nil
			}
			looked += len(b)
			for i := 0; i+grain <= len(b); i++ {
				if !n.begins[binary.BigEndian.Uint16(b[i:])] {
					continue
				}
				if what, ok := n.of[[grain]byte(b[i:])]; ok {
					found = append(found, fmt.Sprintf("%s in %s", what, path))
					break
				}
			}
			return err
		}))
	}
	return found, looked
}

// below opens the seal of an identity token with the installation's keys, as
// somebody may who has them all, and returns the vector below it.
func below(t *testing.T, keys token.Keys, text string, dimensions int) []float64 {
	t.Helper()
	const beside = 16 + 3 // the salt, and what is kept beside the vector
	sealed, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "oti_"))
	require.NoError(t, err)
	box := beside + dimensions + chacha20poly1305.Overhead
	header := sealed[:len(sealed)-box-chacha20poly1305.NonceSizeX]
	nonce := sealed[len(header) : len(sealed)-box]
	with := append([]byte(nil), header...)
	for _, s := range []string{keys.Tenant, ""} {
		with = append(binary.BigEndian.AppendUint32(with, uint32(len(s))), s...)
	}
	aead, err := chacha20poly1305.NewX(keys.Versions[0].Seal)
	require.NoError(t, err)
	plain, err := aead.Open(nil, nonce, sealed[len(sealed)-box:], with)
	require.NoError(t, err)
	v, length := make([]float64, dimensions), 0.0
	for i, x := range plain[beside:] {
		v[i] = float64(int8(x))
		length += v[i] * v[i]
	}
	for i := range v {
		v[i] /= math.Sqrt(length)
	}
	return v
}

// Of fifty faces that became identity tokens, nothing is in any file that the
// process wrote or its database did, while it runs and after: no photo, template,
// plain or turned, or token.
func TestNothingBiometricAtRest(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		folder := t.TempDir()
		atRest(t, folder, func(*config.Config) {}, folder)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s := postgrestest.Start(t)
		folder, database := t.TempDir(), s.Database(t)
		atRest(t, folder, func(cfg *config.Config) {
			cfg.Store.Driver, cfg.Store.URL = "postgres", database
		}, folder, s.Dir())
	})
}

func atRest(t *testing.T, folder string, change func(*config.Config), folders ...string) {
	const faces = 50
	t.Setenv("TMPDIR", filepath.Join(folder, "tmp"))
	e := newRecorder(t)
	p := startNode(t, folder, e, func(cfg *config.Config) {
		cfg.Index.Save = 100 * time.Millisecond
		change(cfg)
	})
	c := newClient(t, p.url)
	photos := variants(t, faces)
	tokens := make([]string, faces)
	for i, photo := range photos {
		var secret []any
		if i%10 == 0 { // which take some tenths of a second each
			secret = []any{"secret", "a secret of ours"}
		}
		tokens[i] = c.identity(t, append(secret, "image", photo)...)
		require.True(t, c.compare(t, "/authenticate", append(secret, "token", tokens[i], "image", photo)...).Match)
		if i%5 == 0 {
			var next struct{ Token string }
			c.form(t, "/rotate", "token", tokens[i]).Into(t, http.StatusOK, &next)
			tokens[i] = next.Token
			require.Equal(t, http.StatusOK, c.form(t, "/match", "image", photo, "image", photos[(i+1)%faces]).Status)
			c.form(t, "/generate", "image", []byte("no photo"))
		}
		if i%7 == 0 {
			require.Equal(t, http.StatusOK, c.form(t, "/revoke", "token", tokens[i]).Status)
		}
	}

	n := &needles{of: map[[grain]byte]string{}}
	ring, err := secret.Read(filepath.Join(folder, "data", "secret.key"))
	require.NoError(t, err)
	tenants, err := p.Truth.Store.Tenants(t.Context(), store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, tenants, 1)
	keys, err := identitytoken.TenantKeys(ring, tenants[0].ID)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(e.templates), 2*2*faces)
	for i, v := range e.templates {
		n.vector(fmt.Sprintf("template %d", i), wide(v))
	}
	for i, text := range tokens {
		n.vector(fmt.Sprintf("what token %d holds", i), below(t, keys, text, len(e.templates[0])))
		sealed, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "oti_"))
		require.NoError(t, err)
		n.bytes(fmt.Sprintf("token %d", i), sealed[len(sealed)-160:])
		n.bytes(fmt.Sprintf("photo %d", i), photos[i][len(photos[i])/2:len(photos[i])/2+512])
	}
	t.Logf("%d needles of %d vectors", len(n.of), len(e.templates)+faces)

	found, looked := n.search(t, folders...)
	require.Empty(t, found, "while it runs")
	t.Logf("%d bytes searched", looked)
	p.stop()
	found, _ = n.search(t, folders...)
	require.Empty(t, found, "when it has ended")

	// What is there, the search finds: a face enrolled in the native API, and each
	// form of a template in a file.
	last := len(e.templates)
	p = startNode(t, folder, e, change)
	_, err = p.Service.CreateGallery(t.Context(), store.Actor{Tenant: tenants[0].ID}, store.Gallery{Name: "g", Policy: p.Service.DefaultPolicy()})
	require.NoError(t, err)
	_, err = p.Service.Enrol(pool.WithTenant(t.Context(), "t"), store.Actor{Tenant: tenants[0].ID}, identify.EnrolRequest{Gallery: "g", Create: true, Photos: [][]byte{photos[0]}})
	require.NoError(t, err)
	p.stop()
	enrolled := &needles{of: map[[grain]byte]string{}}
	enrolled.vector("enrolled", wide(e.templates[last]))
	found, _ = enrolled.search(t, folders...)
	require.NotEmpty(t, found, "an enrolled face is in the database")
	t.Log(found)

	planted := t.TempDir()
	v := wide(e.templates[0])
	var f32, codes []byte
	for _, x := range v {
		f32 = binary.LittleEndian.AppendUint32(f32, math.Float32bits(float32(x)))
		codes = append(codes, byte(int8(math.RoundToEven(x*127))))
	}
	for name, content := range map[string][]byte{
		"f32": f32, "int8": codes, "base64": []byte("xxxxx" + base64.StdEncoding.EncodeToString(append([]byte("y"), f32...))), "hex": []byte("x" + hex.EncodeToString(codes)),
		"photo": photos[3], "token": []byte("oti: " + tokens[4]),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(planted, name), append(make([]byte, 12345), content...), 0o600))
	}
	found, _ = n.search(t, planted)
	require.Len(t, found, 6, "%v", found)
}
