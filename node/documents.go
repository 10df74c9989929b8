package node

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"oneton/document"
	"oneton/document/mrz"
	"oneton/document/ocr"
	"oneton/document/reader"
	"oneton/document/zone"
	"oneton/kyc"
	"oneton/picture"
	"oneton/setup"
)

// documents reads documents by the models that are here.
type documents struct {
	*reader.Reader
	text *ocr.Reader
}

// openDocuments loads what reads documents into the models' runtime, to work on their
// workers, where an API is served that needs it and it was fetched; else there is none.
func (n *Node) openDocuments() error {
	m, loaded := n.embedder.(*Models)
	if !loaded || !n.cfg.Twoface.On() {
		return nil
	}
	paths, err := setup.Find(n.cfg.Setup, setup.Documents)
	if errors.Is(err, setup.ErrMissing) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := ocr.New(paths.Models, m.runtime, m.workers)
	if err != nil {
		return err
	}
	zones, err := zone.New(text)
	if err != nil {
		return errors.Join(err, text.Close())
	}
	limits := cmp.Or(n.cfg.Embed.Limits, picture.DefaultLimits())
	n.documents = &documents{reader.New(reader.Config{Pack: m.Packs()[0], Limits: limits}, m.workers, text, zones, m), text}
	return nil
}

// Close frees the models.
func (d *documents) Close() error { return d.text.Close() }

func (d *documents) Read(ctx context.Context, content []byte) (kyc.Document, error) {
	read, err := d.Reader.Read(ctx, content)
	if errors.Is(err, document.ErrTooSmall) {
		err = kyc.Refuse(kyc.DocumentTooSmall, "the document is too small in the photo to be read; take it from nearer")
	}
	if err != nil {
		return kyc.Document{}, err
	}
	return told(read), nil
}

// told is what checks go by, and what is told to whoever reviews them: names as in the
// API's own fields, of what the document has.
func told(d document.Document) kyc.Document {
	data := map[string]any{}
	tell := func(name, text string) {
		if text != "" {
			data[name] = text
		}
	}
	tell("document_type", string(d.Type))
	tell("document_side", string(d.Side))
	tell("document_id", d.Number)
	tell("surname", d.Surname)
	tell("given_names", d.GivenNames)
	for name, date := range map[string]mrz.Date{"birth_date": d.Birth, "expiry_date": d.Expiry} {
		if date.Known() {
			tell(name, date.String())
		}
	}
	tell("nationality", d.Nationality)
	tell("sex", d.Sex)
	if d.Zone != nil {
		tell("mrz", strings.Join(d.Zone.Lines, "\n"))
	}
	if d.Type != document.Unknown {
		data["certain"] = d.Sure && !d.Ambiguous
	}
	return kyc.Document{
		Type: string(d.Type), Side: string(d.Side), Number: d.Number, Sure: d.Sure && !d.Ambiguous, Portrait: d.Portrait, Data: data,
	}
}
