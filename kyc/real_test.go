package kyc_test

import (
	"bytes"
	"context"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/document/documenttest"
	"oneton/document/reader"
	"oneton/document/reader/readertest"
	"oneton/embed/embedtest"
	"oneton/kyc"
	"oneton/store/storetest"
)

// readers reads real documents.
type readers struct{ *reader.Reader }

func (r readers) Read(ctx context.Context, content []byte) (kyc.Document, error) {
	d, err := r.Reader.Read(ctx, content)
	return kyc.Document{
		Type: string(d.Type), Side: string(d.Side), Number: d.Number, Sure: d.Sure && !d.Ambiguous, Portrait: d.Portrait,
		Data: map[string]any{"surname": d.Surname},
	}, err
}

// card is a photo of a person's card, of two megapixels, at an angle.
func card(t *testing.T, number, portrait string, seed uint64) []byte {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(embedtest.Photo(t, portrait)))
	require.NoError(t, err)
	page := documenttest.CedulaFront(documenttest.Person{
		Number: number, Surname: "PEREZ ALMONTE", GivenNames: "JOSE MIGUEL", Birthplace: "SANTO DOMINGO, R.D.",
		Birth: "16 ABRIL 1984", Expiry: "24 MAYO 2034", Nationality: "REPÚBLICA DOMINICANA", Sex: "M",
	}, img, seed)
	return documenttest.Shoot(page, documenttest.Scene{
		Width: 1632, Height: 1224, Degrees: 6, Perspective: 0.2, Direction: 40, Blur: 1, Noise: 4, Shadow: 0.3, Quality: 70, Seed: seed,
	}).JPEG
}

// With real models, people sign up with a card that is theirs, and are known again.
func TestRealPeople(t *testing.T) {
	lab := readertest.Start(t)
	docs := readers{lab.Reader}
	number, another := documenttest.CheckedNumber("0011234567"), documenttest.CheckedNumber("4021234567")
	obamas, astronauts := card(t, number, "obama.jpg", 3), card(t, another, "astronaut.png", 4)
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r := start(t, open, options{real: lab.Faces, docs: docs})
		input := func(face string, document []byte) kyc.Input {
			return kyc.Input{
				Files:  map[string][]byte{"face": embedtest.Photo(t, face), "document": document},
				Fields: map[string]string{"documentType": kyc.Cedula},
			}
		}
		s := r.open(t, kyc.Signup)
		j := r.work(t, s, "signup", input("obama2.jpg", obamas))
		require.Equal(t, kyc.Succeeded, j.Status, string(j.Output))
		require.Greater(t, output(t, j)["similarity"], 80.0)
		require.Equal(t, []any{}, output(t, j)["users"])
		attempt, err := r.CloseSession(t.Context(), by, s, kyc.Success)
		require.NoError(t, err)
		u, err := r.CreateUser(t.Context(), by, kyc.NewUser{Attempt: attempt, DocumentID: number, DocumentType: kyc.Cedula})
		require.NoError(t, err)

		// Another's card, and a card of another number with the same face.
		no := r.work(t, r.open(t, kyc.Signup), "signup", input("biden.jpg", obamas))
		require.Equal(t, kyc.DidFail, no.Status)
		require.Less(t, output(t, no)["similarity"], 80.0)
		again := r.work(t, r.open(t, kyc.Signup), "signup", input("obama3.jpg", obamas))
		require.Equal(t, []any{u.ID}, output(t, again)["users"], "known already")
		fresh := r.work(t, r.open(t, kyc.Signup), "signup", input("astronaut.png", astronauts))
		require.Equal(t, kyc.Succeeded, fresh.Status, string(fresh.Output))
		require.Equal(t, []any{}, output(t, fresh)["users"])

		v := r.open(t, kyc.Validation)
		for face, want := range map[string]int{"obama3.jpg": kyc.Succeeded, "biden.jpg": kyc.DidFail, "chelsea.png": kyc.Invalid} {
			j := r.work(t, v, "validation", kyc.Input{Files: map[string][]byte{"face": embedtest.Photo(t, face)}, Fields: map[string]string{"documentId": number}})
			require.Equal(t, want, j.Status, "%s: %s", face, j.Output)
		}

		// The endpoints, each by itself.
		file := map[string][]byte{"file": obamas}
		require.Equal(t, "true", string(r.check(t, v, kyc.DocumentsType, kyc.Input{Files: file, Fields: map[string]string{"documentType": kyc.Cedula}}).Value))
		require.Equal(t, "false", string(r.check(t, v, kyc.DocumentsType, kyc.Input{Files: file, Fields: map[string]string{"documentType": kyc.Passport}}).Value))
		for id, want := range map[string]string{documenttest.Digits(number): "true", another: "false"} {
			require.Equal(t, want, string(r.check(t, v, kyc.DocumentsIdentity, kyc.Input{Files: file, Fields: map[string]string{"documentType": kyc.Cedula, "documentId": id}}).Value))
		}
		detected := r.check(t, v, kyc.FacesDetect, kyc.Input{Files: map[string][]byte{"file": embedtest.Photo(t, "obama2.jpg")}})
		require.Equal(t, "1", string(detected.Value))
	})
}
