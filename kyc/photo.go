package kyc

import (
	"context"

	"oneton/photo"
	"oneton/store"
)

// PhotoRef names a photo that is kept for a review; empty is none.
type PhotoRef string

// keepPhoto keeps one in the transaction, for as long as the configuration says.
func (s *Service) keepPhoto(tx store.Tx, attempt string, content []byte) (string, error) {
	media, err := photo.MediaType(content)
	if err != nil {
		return "", nil //nolint:nilerr // what no check could read is not worth keeping
	}
	now := s.now()
	id := newID(now)
	_, err = tx.Exec(`INSERT INTO kyc_photos (id, attempt, media_type, content, erase_at) VALUES ($1, $2, $3, $4, $5)`,
		id, attempt, media, content, now.Add(s.cfg.Documents))
	return id, err
}

// Photo is one that is kept, or a NotFoundError: its time may be over.
func (s *Service) Photo(ctx context.Context, tenant store.TenantID, ref PhotoRef) (store.Photo, error) {
	return read(ctx, s.db, "photo", string(ref), func(row store.Row) (p store.Photo, err error) {
		err = row.Scan(&p.MediaType, &p.Bytes)
		return p, err
	}, `SELECT p.media_type, p.content FROM kyc_photos p JOIN kyc_attempts a ON a.id = p.attempt WHERE p.id = $1 AND a.tenant = $2 AND p.erase_at > $3`,
		string(ref), tenant, s.now())
}
