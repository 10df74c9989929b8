package token

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math"

	"golang.org/x/crypto/chacha20poly1305"

	"oneton/face"
)

const (
	// metaSize is what is kept beside a template: a byte for how many photos it is
	// made of, and two for its quality score.
	metaSize = 3
	// masked is what a rotation masks: the salt of the secret's hash, and what is
	// kept beside the template.
	masked = saltSize + metaSize
	// widest is the most dimensions of a template.
	widest = 4096
	// MaxPhotos is how many photos a template may be made of.
	MaxPhotos = 5

	largest = math.MaxInt8
)

// Kept is what a token holds of a face.
type Kept struct {
	Template face.Template
	// Photos is how many it is made of, and Score the quality score of its
	// photos, in [0, 1].
	Photos int
	Score  float32
}

// protected is what lies below the seal: a vector that two rotations have turned,
// the salt of the second and what is kept beside it, masked by each.
type protected struct {
	beside [masked]byte
	vector []int8
}

// Opened is a token whose seal holds.
type Opened struct {
	Claims
	p     protected
	outer *rotation
}

// NewSalt is a salt for Stretch.
func NewSalt() []byte {
	salt := make([]byte, saltSize)
	rand.Read(salt) // which never fails
	return salt
}

// Make protects what is to be kept and seals it: under the newest version of the
// keys, for the context, and with a secret's hash under that salt, or nil.
func (k Keys) Make(c Claims, context string, kept Kept, salt, stretched []byte) (string, error) {
	n := len(kept.Template)
	if n == 0 || n > widest || kept.Photos < 1 || kept.Photos > MaxPhotos || len(salt) != saltSize {
		return "", fmt.Errorf("make token: template of %d dimensions of %d photos with a salt of %d bytes: %w", n, kept.Photos, len(salt), face.ErrDimension)
	}
	if err := kept.Template.Check(); err != nil {
		return "", fmt.Errorf("make token: %w", err)
	}
	v := floats(kept.Template)
	var beside [masked]byte
	copy(beside[:], salt)
	beside[saltSize] = spread(kept.Photos)
	binary.BigEndian.PutUint16(beside[saltSize+1:], uint16(math.Round(float64(max(0, min(1, kept.Score)))*math.MaxUint16)))
	if stretched != nil {
		inner := newRotation(stretched, len(v))
		inner.turn(v)
		// The salt is what the secret's hash is made with.
		xor(beside[saltSize:], inner.mask[saltSize:])
	}
	return k.seal(c, context, beside, v)
}

// Again seals what o holds as another token: with other claims and another context,
// under the newest version of the keys, and below the same secret or none, which it
// needs not know. The pack and its version stay.
func (k Keys) Again(o *Opened, c Claims, context string) (string, error) {
	if err := o.comparable(); err != nil {
		return "", err
	}
	c.Pack, c.Version = o.Pack, o.Version
	v := o.p.floats()
	o.outer.back(v)
	beside := o.p.beside
	xor(beside[:], o.outer.mask[:])
	return k.seal(c, context, beside, v)
}

// seal turns v and masks beside once more, and seals them.
func (k Keys) seal(c Claims, context string, beside [masked]byte, v []float64) (string, error) {
	version := k.Versions[0]
	key, err := version.outer(c.ID)
	if err != nil {
		return "", fmt.Errorf("make token: %w", err)
	}
	outer := newRotation(key, len(v))
	outer.turn(v)
	xor(beside[:], outer.mask[:])
	p := protected{beside: beside, vector: quantised(v)}

	header, err := c.header(version.ID)
	if err != nil {
		return "", fmt.Errorf("make token: %w", err)
	}
	aead, err := chacha20poly1305.NewX(version.Seal)
	if err != nil {
		return "", fmt.Errorf("make token: %w", err)
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce) // which never fails
	return text(header, nonce, aead.Seal(nil, nonce, p.bytes(), associated(header, k.Tenant, context))), nil
}

// Open reads a token that was made for the tenant of the keys and for the context.
// It is ErrMalformed, ErrKey or ErrSeal; what it claims is true, and whether it has
// expired is left to the caller.
func (k Keys) Open(text, context string) (*Opened, error) {
	s, err := Parse(text)
	if err != nil {
		return nil, err
	}
	version, err := k.version(s.Key)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(version.Seal)
	if err != nil {
		return nil, fmt.Errorf("open token: %w: %w", ErrKeys, err)
	}
	plain, err := aead.Open(nil, s.nonce, s.box, associated(s.header, k.Tenant, context))
	if err != nil {
		return nil, fmt.Errorf("open token: %w", ErrSeal)
	}
	o := &Opened{Claims: s.Claims}
	if o.p, err = protectedFrom(plain); err != nil {
		return nil, fmt.Errorf("open token: %w", err)
	}
	if len(version.Transform) > 0 {
		key, err := version.outer(s.ID)
		if err != nil {
			return nil, fmt.Errorf("open token: %w", err)
		}
		o.outer = newRotation(key, len(o.p.vector))
	}
	return o, nil
}

// associated is what the seal holds beside what it hides.
func associated(header []byte, tenant, context string) []byte {
	b := append([]byte(nil), header...)
	for _, text := range []string{tenant, context} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = append(b, text...)
	}
	return b
}

func (p protected) bytes() []byte {
	b := append([]byte(nil), p.beside[:]...)
	for _, x := range p.vector {
		b = append(b, byte(x))
	}
	return b
}

func protectedFrom(b []byte) (p protected, err error) {
	if len(b) <= masked || len(b) > masked+widest {
		return p, fmt.Errorf("%w: %d bytes below its seal", ErrMalformed, len(b))
	}
	copy(p.beside[:], b)
	coordinates := b[masked:]
	p.vector = make([]int8, len(coordinates))
	zero := true
	for i, x := range coordinates {
		p.vector[i] = int8(x)
		zero = zero && x == 0
	}
	if zero {
		return p, fmt.Errorf("%w: %w", ErrMalformed, face.ErrZero)
	}
	return p, nil
}

// floats is the vector at length one.
func (p protected) floats() []float64 {
	v := make([]float64, len(p.vector))
	var sum float64
	for i, x := range p.vector {
		v[i] = float64(x)
		sum += float64(v[i] * v[i])
	}
	scale := 1 / math.Sqrt(sum)
	for i := range v {
		v[i] *= scale
	}
	return v
}

// quantised rounds a vector to 127 steps to each side of its largest coordinate.
func quantised(v []float64) []int8 {
	var most float64
	for _, x := range v {
		most = max(most, math.Abs(x))
	}
	q := make([]int8, len(v))
	for i, x := range v {
		q[i] = int8(math.RoundToEven(x / most * largest))
	}
	return q
}

func floats(t face.Template) []float64 {
	v := make([]float64, len(t))
	for i, x := range t {
		v[i] = float64(x)
	}
	return v
}

// spread is a byte that tells the number of photos, and is any of nearly all bytes
// as likely: below its mask, a wrong key's is no other than a right one's.
func spread(photos int) byte {
	var b [1]byte
	for {
		rand.Read(b[:]) // which never fails
		if int(b[0]) < math.MaxUint8/MaxPhotos*MaxPhotos {
			return b[0] - b[0]%MaxPhotos + byte(photos-1)
		}
	}
}

func xor(b, mask []byte) {
	for i := range b {
		b[i] ^= mask[i]
	}
}
