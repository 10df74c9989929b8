package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// SubjectSearch says how a subject is searched among others; what is empty is as the
// server has it.
type SubjectSearch struct {
	// Face is the one face to search.
	Face string `json:"face,omitempty"`
	// In is the gallery to search instead of the subject's own.
	In string `json:"in,omitempty"`
	// K is the most candidates that are told; 0 is 5.
	K int `json:"k,omitempty"`
	// FPIR, Threshold and Filter are as in Search.
	FPIR      *float64            `json:"fpir,omitempty"`
	Threshold *float64            `json:"threshold,omitempty"`
	Filter    map[string][]string `json:"filter,omitempty"`
	Timings   bool                `json:"timings,omitempty"`
}

// Resemblance is a subject who is like another one.
type Resemblance struct {
	Candidate

	// Of is the face of the other one that is nearest to Face.
	Of string `json:"of"`
}

// SubjectResult is who is like a subject.
type SubjectResult struct {
	Match Match `json:"match"`
	// Candidates are the best first.
	Candidates []Resemblance `json:"candidates"`
	// Searched are the subject's faces that were, and LeftOut is how many were not.
	Searched []string `json:"searched"`
	LeftOut  int      `json:"left_out"`
	// Threshold, Extrapolated, Faces and FPIR are as in Result.
	Threshold    float64  `json:"threshold"`
	Extrapolated bool     `json:"threshold_extrapolated"`
	Faces        int      `json:"faces"`
	FPIR         float64  `json:"fpir"`
	Timings      *Timings `json:"timings,omitempty"`
}

// SearchSubject looks for who else is like a subject, by the faces that are stored.
func (c *Client) SearchSubject(ctx context.Context, gallery, id string, s SubjectSearch) (SubjectResult, error) {
	var r SubjectResult
	body, err := jsonBody(s)
	if err != nil {
		return r, err
	}
	_, err = c.fetch(ctx, call{
		method: http.MethodPost, path: []string{"v1", "galleries", gallery, "subjects", id, "search"}, body: body, located: true, reads: true,
	}, &r)
	return r, err
}

// DuplicateQuery says who counts as alike; what is empty is as the server has it.
type DuplicateQuery struct {
	// In is the gallery whose people the gallery's are compared with, instead of its own.
	In string
	// K is the most who are told to be like one; 0 is 20.
	K int
	// FPIR, of one face's search, or Threshold, a cosine, replace the gallery's rate.
	FPIR      *float64
	Threshold *float64
	// Page is told of each page as it comes, where it is not nil.
	Page func(DuplicatePage)
}

// DuplicatePage is what a page of the comparison looked at.
type DuplicatePage struct {
	// Searched is how many people were looked at, NotCompared are those of them with no
	// face that can be compared, Cut those whom more than K are like, and
	// Partly those of whose faces only the 100 of the best quality were searched.
	Searched    int      `json:"searched"`
	NotCompared []string `json:"not_compared"`
	Cut         []string `json:"cut"`
	Partly      []string `json:"partly"`
	// Threshold, Extrapolated and Faces are as in Result.
	Threshold    float64 `json:"threshold"`
	Extrapolated bool    `json:"threshold_extrapolated"`
	Faces        int     `json:"faces"`
}

// Member is one of two people who are alike.
type Member struct {
	Subject  string            `json:"subject"`
	Face     string            `json:"face"`
	Metadata map[string]string `json:"metadata"`
}

// Duplicate is two people who are alike, by the faces that are most so.
type Duplicate struct {
	A Member `json:"a"`
	B Member `json:"b"`
	// Cosine and Score are as in Candidate.
	Cosine float64 `json:"cosine"`
	Score  float64 `json:"score"`
}

// Duplicates compares all people of a gallery with all, and tells each pair who are
// alike once.
func (c *Client) Duplicates(ctx context.Context, gallery string, only DuplicateQuery) iter.Seq2[Duplicate, error] {
	q := url.Values{}
	if only.In != "" {
		q.Set("in", only.In)
	}
	if only.K != 0 {
		q.Set("k", strconv.Itoa(only.K))
	}
	for name, value := range map[string]*float64{"fpir": only.FPIR, "threshold": only.Threshold} {
		if value != nil {
			q.Set(name, strconv.FormatFloat(*value, 'g', -1, 64))
		}
	}
	return rows(ctx, q, func(ctx context.Context, q url.Values) (page[Duplicate], error) {
		var p struct {
			DuplicatePage

			Pairs []Duplicate `json:"pairs"`
			Next  string      `json:"next"`
		}
		call := get("v1", "galleries", gallery, "duplicates")
		call.query = q
		_, err := c.fetch(ctx, call, &p)
		if err == nil && only.Page != nil {
			only.Page(p.DuplicatePage)
		}
		return page[Duplicate]{rows: p.Pairs, next: p.Next}, err
	})
}
