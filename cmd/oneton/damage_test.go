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
	require.NoError(t, db.Close())
	require.NoError(t, os.RemoveAll(filepath.Join(data, "index")))

	out, err := command(t, "index", "rebuild", "--data", data)
	require.NoError(t, err, out)
	require.Contains(t, out, "built from the database")
	out, err = command(t, "index", "verify", "--data", data)
	require.Error(t, err, out)
	require.Regexp(t, `staff +default +face `+face+` +damaged in the database at position 2`, out)
	require.Contains(t, out, "2 faces in the database, 2 compared, 1 differences")

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
	}
	_, err = p.do("", http.MethodGet, "/readyz", nil, &ready)
	require.NoError(t, err)
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
	require.Len(t, list.Galleries, 2)
	require.True(t, list.Galleries[0].Damaged)
	require.False(t, list.Galleries[1].Damaged)
	_, err = p.do(key, http.MethodGet, "/v1/galleries/other", nil, nil)
	require.ErrorContains(t, err, `"code":"damaged"`)
	_, err = p.do(key, http.MethodPatch, "/v1/galleries/other", map[string]any{"policy": map[string]any{"fpir": 0.1}}, nil)
	require.ErrorContains(t, err, `"code":"damaged"`, "the rest of the policy is not known")
	_, err = p.do(key, http.MethodDelete, "/v1/galleries/other", nil, nil)
	require.NoError(t, err)

	_, err = p.do(key, http.MethodDelete, "/v1/galleries/staff/subjects/p1", nil, nil)
	require.NoError(t, err)
	p.enrol(t, key, "p1", photo)
	p.requireFinds(t, key, "p1", photo, true)
	ready.Faces, ready.Status = nil, ""
	_, err = p.do("", http.MethodGet, "/readyz", nil, &ready)
	require.NoError(t, err)
	require.Equal(t, "ok", ready.Status, "deleted, nothing is left to tell")
	p.stop(t)
}
