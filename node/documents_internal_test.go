package node

import (
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/document"
	"oneton/document/mrz"
	"oneton/embed/embedtest"
	"oneton/kyc"
	"oneton/photo"
)

// What a document tells is told by name, and nothing that it does not; a number in
// doubt is sure for nobody.
func TestToldDocuments(t *testing.T) {
	portrait := &photo.Face{Confidence: 0.5}
	zone := &mrz.Result{Document: mrz.Document{Lines: []string{"P<DOM", "AB12"}}}
	for name, c := range map[string]struct {
		read document.Document
		want kyc.Document
	}{
		"nothing": {document.Document{}, kyc.Document{Data: map[string]any{}}},
		"all": {document.Document{
			Type: document.Cedula, Side: document.Front, Number: "00112345673", Sure: true, Surname: "PEREZ", GivenNames: "ANA",
			Birth: mrz.Date{Year: 1990, Month: 2, Day: 3}, Expiry: mrz.Date{Year: 2030, Month: 12, Day: 31}, Nationality: "DOM", Sex: "F",
			Zone: zone, Portrait: portrait,
		}, kyc.Document{
			Type: kyc.Cedula, Side: kyc.Front, Number: "00112345673", Sure: true, Portrait: portrait, Data: map[string]any{
				"document_type": "CEDULA", "document_side": "FRONT", "document_id": "00112345673", "surname": "PEREZ", "given_names": "ANA",
				"birth_date": "1990-02-03", "expiry_date": "2030-12-31", "nationality": "DOM", "sex": "F", "mrz": "P<DOM\nAB12", "certain": true,
			},
		}},
		"in doubt": {document.Document{Type: document.Passport, Side: document.Front, Number: "AB12", Sure: true, Ambiguous: true}, kyc.Document{
			Type: kyc.Passport, Side: kyc.Front, Number: "AB12", Data: map[string]any{
				"document_type": "PASSPORT", "document_side": "FRONT", "document_id": "AB12", "certain": false,
			},
		}},
	} {
		require.Equal(t, c.want, told(c.read), name)
	}
}

// Documents are read where the dialect that needs it is served, and no model of theirs
// is loaded elsewhere.
func TestDocumentsAreReadWhereTheyAreNeeded(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it loads models, and shares nothing")
	}
	embedtest.Models(t)
	for _, prefix := range []string{"", "/v1/2face"} {
		cfg := config.Default()
		cfg.Data, cfg.Twoface.Prefix = t.TempDir(), prefix
		n, err := Open(t.Context(), cfg, zerolog.Nop())
		require.NoError(t, err)
		require.Equal(t, prefix != "", n.documents != nil)
		require.NotContains(t, n.off(), "documents")
		require.NoError(t, n.Close())
	}
}
