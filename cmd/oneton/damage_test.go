package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDamagedRow flips one bit of one template and removes the saved index: the
// others are found, and every place that can tell names the face.
func TestDamagedRow(t *testing.T) {
	photo, data := portrait(t), t.TempDir()
	p := startProgram(t, data)
	key := p.key
	_, err := p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff", "policy": map[string]any{"keep_photos": true}}, nil)
	require.NoError(t, err)
	_, err = p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "other"}, nil)
	require.NoError(t, err)
	for i := range 3 {
		p.enrol(t, key, fmt.Sprint("p", i), photo)
	}
	p.requireFinds(t, key, "p1", photo, true)
	year := map[string]any{"fpir": 0.001, "quality": "report", "liveness": "off", "detail": "full", "keep_photos": true, "retention_seconds": 31536000}
	_, err = p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "year", "policy": year}, nil)
	require.NoError(t, err)
	p.stop(t)

	db, err := sql.Open("sqlite", filepath.Join(data, "oneton.db"))
	require.NoError(t, err)
	var face string
	var template []byte
	require.NoError(t, db.QueryRow(`SELECT id, template FROM faces WHERE subject = 'p1'`).Scan(&face, &template))
	template[2] ^= 4
	_, err = db.Exec(`UPDATE faces SET template = ? WHERE id = ?`, template, face)
	require.NoError(t, err)
	_, err = db.Exec(`UPDATE photos SET bytes = zeroblob(9) WHERE face = (SELECT n FROM faces WHERE subject = 'p2')`)
	require.NoError(t, err)
	_, err = db.Exec(`UPDATE galleries SET policy = '{"fpir":' WHERE name = 'other'`)
	require.NoError(t, err)
	// One bit makes 3 of the retention's first digit 1.
	_, err = db.Exec(`UPDATE galleries SET policy = replace(policy, '31536000000000000', '11536000000000000') WHERE name = 'year'`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.NoError(t, os.RemoveAll(filepath.Join(data, "index")))

	out, err := command(t, "index", "rebuild", "--data", data)
	require.NoError(t, err, out)
	require.Contains(t, out, "built from the database")
	out, err = command(t, "index", "verify", "--data", data)
	require.Error(t, err, out)
	require.Regexp(t, `staff +default@5 +face `+face+` +damaged in the database at position 2`, out)
	require.Contains(t, out, "2 faces in the database, 2 compared, 1 differences")
	require.Contains(t, out, "default year: the policy is damaged in the database")
	require.Contains(t, out, "default other: the policy is damaged in the database")

	require.NoError(t, os.RemoveAll(filepath.Join(data, "index")))
	p = startProgram(t, data)
	p.enrol(t, key, "p3", photo)
	for id, want := range map[string]bool{"p0": true, "p1": false, "p2": true, "p3": true} {
		p.requireFinds(t, key, id, photo, want)
	}
	var ready struct {
		Status   string
		SetAside int `json:"set_aside"`
		Faces    []string
		Damaged  map[string]int
	}
	_, err = p.do("", http.MethodGet, "/readyz", nil, &ready)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"policy": 2}, ready.Damaged)
	require.Equal(t, "degraded", ready.Status)
	require.Equal(t, 1, ready.SetAside)
	require.Equal(t, []string{face}, ready.Faces)

	var sub struct {
		Faces []struct {
			ID      string
			Damaged bool
		}
	}
	_, err = p.do(key, http.MethodGet, "/v1/galleries/staff/subjects/p1", nil, &sub)
	require.NoError(t, err)
	require.True(t, sub.Faces[0].Damaged)
	status, err := p.do(key, http.MethodPost, "/v1/galleries/staff/subjects/p1/verify", map[string]any{"photo": photo}, nil)
	require.Equal(t, http.StatusInternalServerError, status)
	require.ErrorContains(t, err, `"code":"damaged"`)

	sub.Faces = nil
	_, err = p.do(key, http.MethodGet, "/v1/galleries/staff/subjects/p2", nil, &sub)
	require.NoError(t, err)
	require.False(t, sub.Faces[0].Damaged)
	status, err = p.do(key, http.MethodGet, "/v1/galleries/staff/subjects/p2/faces/"+sub.Faces[0].ID+"/photo", nil, nil)
	require.Equal(t, http.StatusInternalServerError, status)
	require.ErrorContains(t, err, `"code":"damaged"`)

	var list struct {
		Galleries []struct {
			Name    string
			Damaged bool
		}
	}
	_, err = p.do(key, http.MethodGet, "/v1/galleries", nil, &list)
	require.NoError(t, err)
	require.Len(t, list.Galleries, 3)
	require.True(t, list.Galleries[0].Damaged)
	require.False(t, list.Galleries[1].Damaged)
	_, err = p.do(key, http.MethodGet, "/v1/galleries/other", nil, nil)
	require.ErrorContains(t, err, `"code":"damaged"`)
	_, err = p.do(key, http.MethodPatch, "/v1/galleries/other", map[string]any{"policy": map[string]any{"fpir": 0.1}}, nil)
	require.ErrorContains(t, err, `"code":"damaged"`, "the rest of the policy is not known")
	_, err = p.do(key, http.MethodPatch, "/v1/galleries/other", map[string]any{"policy": year}, nil)
	require.NoError(t, err, "a whole policy mends it")
	_, err = p.do(key, http.MethodDelete, "/v1/galleries/other", nil, nil)
	require.NoError(t, err)

	type gallery struct {
		Policy  map[string]any
		Damaged bool
	}
	var damaged, mended gallery
	_, err = p.do(key, http.MethodGet, "/v1/galleries/year", nil, &damaged)
	require.NoError(t, err)
	require.True(t, damaged.Damaged)
	require.Equal(t, map[string]any{"fpir": 0.001, "quality": "report", "liveness": "off", "detail": "full", "keep_photos": false, "retention_seconds": 0.0, "review_seconds": 0.0}, damaged.Policy)
	_, err = p.do(key, http.MethodPatch, "/v1/galleries/year", map[string]any{"policy": map[string]any{"fpir": 0.1}}, nil)
	require.ErrorContains(t, err, `"code":"damaged"`)
	_, err = p.do(key, http.MethodPatch, "/v1/galleries/year", map[string]any{"policy": year}, &mended)
	require.NoError(t, err)
	require.False(t, mended.Damaged)
	require.EqualValues(t, 31536000, mended.Policy["retention_seconds"])

	_, err = p.do(key, http.MethodDelete, "/v1/galleries/staff/subjects/p1", nil, nil)
	require.NoError(t, err)
	p.enrol(t, key, "p1", photo)
	p.requireFinds(t, key, "p1", photo, true)
	ready.Faces, ready.Status, ready.Damaged = nil, "", nil
	_, err = p.do("", http.MethodGet, "/readyz", nil, &ready)
	require.NoError(t, err)
	require.Equal(t, "ok", ready.Status, "deleted or mended, nothing is left to tell")
	p.stop(t)
}
