package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

const gallery = "demo"

// fpir is the gallery's: at the default of 0.01 a dozen strangers would get a
// wrong name in one demo of eight.
const fpir = 0.001

// client speaks the few calls of the native API that the demo needs.
type client struct {
	url, key string
}

type box struct{ X, Y, Width, Height float64 }

// timings are in milliseconds.
type timings struct {
	Decode, Detect, Refine, Align, Recognise, Assess float64
	Wait, Search, Store, Total                       float64
}

type candidate struct {
	Subject       string
	Metadata      map[string]string
	Cosine, Score float64
}

// found is one face of a photo, with an answer when it was searched.
type found struct {
	Match      string
	Candidates []candidate
	Probe      struct{ Box box }
	Threshold  float64
}

// problem is an error answer.
type problem struct {
	Code, Detail string
}

func (p problem) Error() string { return p.Code + ": " + p.Detail }

func (c client) createGallery(ctx context.Context) error {
	body, err := json.Marshal(map[string]any{"name": gallery, "policy": map[string]float64{"fpir": fpir}})
	if err != nil {
		return err
	}
	return c.post(ctx, "/v1/galleries", nil, "application/json", body, &struct{}{})
}

// detect returns the boxes of the faces from left to right.
func (c client) detect(ctx context.Context, encoded []byte) ([]box, error) {
	var answer struct{ Faces []struct{ Box box } }
	if err := c.post(ctx, "/v1/detect", nil, "image/jpeg", encoded, &answer); err != nil {
		return nil, err
	}
	boxes := make([]box, len(answer.Faces))
	for i, f := range answer.Faces {
		boxes[i] = f.Box
	}
	slices.SortFunc(boxes, leftmost)
	return boxes, nil
}

func (c client) enrol(ctx context.Context, p person, encoded []byte) (box, timings, error) {
	metadata, err := json.Marshal(map[string]string{"name": p.name})
	if err != nil {
		return box{}, timings{}, err
	}
	var answer struct {
		Faces   []struct{ Box box }
		Timings timings
	}
	query := url.Values{"id": {p.id}, "metadata": {string(metadata)}, "timings": {"true"}}
	if err := c.post(ctx, "/v1/galleries/"+gallery+"/subjects", query, "image/jpeg", encoded, &answer); err != nil {
		return box{}, timings{}, err
	}
	if len(answer.Faces) != 1 {
		return box{}, timings{}, fmt.Errorf("%d faces were enrolled", len(answer.Faces))
	}
	return answer.Faces[0].Box, answer.Timings, nil
}

// search returns the faces from left to right; none is an answer, too.
func (c client) search(ctx context.Context, encoded []byte, all bool) ([]found, timings, error) {
	var answer struct {
		found
		Probes  []found
		Timings timings
	}
	query := url.Values{"timings": {"true"}}
	if all {
		query.Set("all_faces", "true")
	}
	err := c.post(ctx, "/v1/galleries/"+gallery+"/search", query, "image/jpeg", encoded, &answer)
	var p problem
	switch {
	case errors.As(err, &p) && p.Code == "no_face":
		return nil, timings{}, nil
	case err != nil:
		return nil, timings{}, err
	case !all:
		return []found{answer.found}, answer.Timings, nil
	}
	slices.SortFunc(answer.Probes, func(a, b found) int { return leftmost(a.Probe.Box, b.Probe.Box) })
	return answer.Probes, answer.Timings, nil
}

func leftmost(a, b box) int { return int(a.X - b.X) }

func (c client) post(ctx context.Context, path string, query url.Values, contentType string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		var p problem
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
			return fmt.Errorf("the server answers %s", resp.Status)
		}
		return p
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}
