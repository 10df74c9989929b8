// Package clienttest is a client of 2FACE, written from the API's public documents
// alone: it shares no type, constant or code with the server. It holds the server to
// the letter of them: any status but 200 is an error, as is an answer of another
// shape.
package clienttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Client calls an API at its base URL, as https://api.tagshelf.com/v1/2face.
type Client struct {
	Base string
	// Key is a backend's API key, and Session a session's token.
	Key, Session string
	HTTP         *http.Client
}

// Error is an answer that is not code 200.
type Error struct {
	Code   int
	Msg    string
	Header http.Header
}

// Error is the server's message.
func (e *Error) Error() string { return fmt.Sprintf("2face: %d: %s", e.Code, e.Msg) }

// Attempts are what a call of a session's check says is left.
type Attempts struct{ Limit, Left int }

// File is one of a request.
type File struct {
	Name    string
	Content []byte
}

// call sends a form and decodes the result into out.
func (c Client) call(method, path string, byKey bool, fields map[string]string, files map[string]File, out any) (http.Header, error) {
	var body bytes.Buffer
	contentType := ""
	switch {
	case len(files) > 0:
		form := multipart.NewWriter(&body)
		for name, f := range files {
			part, err := form.CreateFormFile(name, f.Name)
			if err != nil {
				return nil, err
			}
			if _, err := part.Write(f.Content); err != nil {
				return nil, err
			}
		}
		for name, value := range fields {
			if err := form.WriteField(name, value); err != nil {
				return nil, err
			}
		}
		if err := form.Close(); err != nil {
			return nil, err
		}
		contentType = form.FormDataContentType()
	case fields != nil:
		values := url.Values{}
		for name, value := range fields {
			values.Set(name, value)
		}
		body.WriteString(values.Encode())
		contentType = "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequest(method, c.Base+path, &body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "2face-contract-client/1.0")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if byKey {
		req.Header.Set("Authorization", c.Key)
	} else {
		req.Header.Set("X-Tagshelf-Session", c.Session)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return res.Header, decode(res, out)
}

// decode holds an answer to the envelope, strictly.
func decode(res *http.Response, out any) error {
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	var envelope struct {
		Code   int             `json:"code"`
		Result json.RawMessage `json:"result"`
	}
	if err := strictly(text, &envelope); err != nil {
		return fmt.Errorf("%d %s: %w", res.StatusCode, text, err)
	}
	if envelope.Code != res.StatusCode {
		return fmt.Errorf("the envelope says %d, and the status is %d", envelope.Code, res.StatusCode)
	}
	if res.StatusCode != http.StatusOK {
		var failure struct {
			Msg string `json:"msg"`
		}
		if err := strictly(envelope.Result, &failure); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		if res.StatusCode < 400 || failure.Msg == "" {
			return fmt.Errorf("neither success nor failure: %d %s", res.StatusCode, text)
		}
		return &Error{envelope.Code, failure.Msg, res.Header}
	}
	if err := strictly(envelope.Result, out); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	return nil
}

func strictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

var hex24 = regexp.MustCompile(`^[0-9a-f]{24}$`)

func id(text string, err error) (string, error) {
	if err == nil && !hex24.MatchString(text) {
		err = fmt.Errorf("%q is no id of 24 hex digits", text)
	}
	return text, err
}

// OpenSession begins a session, SIGNUP or VALIDATION, and returns its token.
func (c Client) OpenSession(kind string) (string, error) {
	var token string
	_, err := c.call(http.MethodPost, "/session", true, map[string]string{"type": kind}, nil, &token)
	return token, err
}

// CloseSession ends the session: SUCCESS, FAILED or REVIEW. It returns the attempt's id.
func (c Client) CloseSession(status string) (string, error) {
	var attempt string
	_, err := c.call(http.MethodPost, "/session/close", false, map[string]string{"status": status}, nil, &attempt)
	return id(attempt, err)
}

// check is a call of /faces or /documents.
func (c Client) check(path string, fields map[string]string, files map[string]File, out any) (Attempts, error) {
	header, err := c.call(http.MethodPost, path, false, fields, files, out)
	if header == nil {
		return Attempts{}, err
	}
	limit, wrong := strconv.Atoi(header.Get("x-attempt-limit"))
	left, worse := strconv.Atoi(header.Get("x-attempt-retries"))
	if wrong != nil || worse != nil || limit < 1 || left < 0 || left > limit {
		return Attempts{}, fmt.Errorf("attempts %q of %q", header.Get("x-attempt-retries"), header.Get("x-attempt-limit"))
	}
	return Attempts{limit, left}, err
}

// Detect counts the faces of a photo.
func (c Client) Detect(photo File) (faces int, a Attempts, err error) {
	a, err = c.check("/faces/detect", nil, map[string]File{"file": photo}, &faces)
	return faces, a, err
}

// Compare is how alike the faces of a document and of a selfie are, 0 to 100. The
// documents have it at two addresses.
func (c Client) Compare(path string, document, face File) (similarity float64, a Attempts, err error) {
	a, err = c.check(path, nil, map[string]File{"document": document, "face": face}, &similarity)
	if err == nil && (similarity < 0 || similarity > 100) {
		err = fmt.Errorf("a similarity of %v", similarity)
	}
	return similarity, a, err
}

// CheckSmile and CheckBlink tell whether the person of a clip smiles or blinks.
func (c Client) CheckSmile(clip File) (smiles bool, a Attempts, err error) {
	a, err = c.check("/faces/check-smile", nil, map[string]File{"clip": clip}, &smiles)
	return smiles, a, err
}

// CheckBlink is as CheckSmile.
func (c Client) CheckBlink(clip File) (blinks bool, a Attempts, err error) {
	a, err = c.check("/faces/check-blink", nil, map[string]File{"clip": clip}, &blinks)
	return blinks, a, err
}

// ValidateDocumentType tells whether a photo is of a document of the type.
func (c Client) ValidateDocumentType(photo File, documentType, side string) (valid bool, a Attempts, err error) {
	fields := map[string]string{"documentType": documentType}
	if side != "" {
		fields["side"] = side
	}
	a, err = c.check("/documents/validate-document-type", fields, map[string]File{"file": photo}, &valid)
	return valid, a, err
}

// ValidateIdentity tells whether a document has the number.
func (c Client) ValidateIdentity(photo File, documentType, documentID string) (valid bool, a Attempts, err error) {
	a, err = c.check("/documents/validate-identity", map[string]string{"documentType": documentType, "documentId": documentID},
		map[string]File{"file": photo}, &valid)
	return valid, a, err
}

// Job is work that was started.
type Job struct {
	Status int             `json:"status"`
	Output json.RawMessage `json:"output"`
}

// The states of a job.
const (
	Queued = iota
	InProgress
	Succeeded
	Failed
	Invalid
)

// StartJob starts a workflow, and returns its job's id.
func (c Client) StartJob(workflow string, fields map[string]string, files map[string]File) (string, error) {
	var job string
	_, err := c.call(http.MethodPost, "/jobs/start/"+workflow, false, fields, files, &job)
	return id(job, err)
}

// Job tells how far it is.
func (c Client) Job(id string) (Job, error) {
	var j Job
	_, err := c.call(http.MethodGet, "/jobs/"+id, true, nil, nil, &j)
	if err == nil && (j.Status < Queued || j.Status > Invalid) {
		err = fmt.Errorf("a job of status %d", j.Status)
	}
	if err == nil && !bytes.HasPrefix(j.Output, []byte("{")) {
		err = fmt.Errorf("a job's output %s", j.Output)
	}
	return j, err
}

// Finished polls a job until it has ended.
func (c Client) Finished(id string, within time.Duration) (Job, error) {
	for end := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		j, err := c.Job(id)
		if err != nil || j.Status >= Succeeded {
			return j, err
		}
		if time.Now().After(end) {
			return j, fmt.Errorf("job %s is %d after %v", id, j.Status, within)
		}
	}
}

// moment is a time as the documents write it.
type moment struct{ time.Time }

var iso = regexp.MustCompile(`^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"$`)

// UnmarshalJSON takes ISO 8601 with milliseconds and Z alone.
func (m *moment) UnmarshalJSON(text []byte) error {
	if !iso.Match(text) {
		return fmt.Errorf("a time %s", text)
	}
	return json.Unmarshal(text, &m.Time)
}

// User is who has signed up.
type User struct {
	ObjectID     string         `json:"_id"`
	DocumentID   string         `json:"documentId"`
	DocumentType string         `json:"documentType"`
	Metadata     map[string]any `json:"metadata"`
	Attempt      string         `json:"attempt"`
	CreatedAt    moment         `json:"createdAt"`
	UpdatedAt    moment         `json:"updatedAt"`
	Version      int            `json:"__v"`
	ID           string         `json:"id"`
}

func user(u User, err error) (User, error) {
	if err == nil && (!hex24.MatchString(u.ID) || u.ID != u.ObjectID || !hex24.MatchString(u.Attempt) || u.Version != 0 || u.Metadata == nil) {
		err = fmt.Errorf("a user %+v", u)
	}
	return u, err
}

// Register makes a user of an attempt.
func (c Client) Register(attempt, documentID, documentType, metadata string) (User, error) {
	var u User
	_, err := c.call(http.MethodPost, "/users", true, map[string]string{
		"attempt": attempt, "documentId": documentID, "documentType": documentType, "metadata": metadata,
	}, nil, &u)
	return user(u, err)
}

// User is the one of that id.
func (c Client) User(id string) (User, error) {
	var u User
	_, err := c.call(http.MethodGet, "/users/"+id, true, nil, nil, &u)
	return user(u, err)
}

// UserByDocument is the one whose document has that number.
func (c Client) UserByDocument(number string) (User, error) {
	var u User
	_, err := c.call(http.MethodGet, "/users/document/"+url.PathEscape(number), true, nil, nil, &u)
	return user(u, err)
}

// Attempt is what a session came to.
type Attempt struct {
	ObjectID string            `json:"_id"`
	Type     string            `json:"type"`
	Faces    []json.RawMessage `json:"faces"`
	Stages   []Stage           `json:"stages"`
	Status   string            `json:"status"`
	Created  moment            `json:"createdAt"`
	Updated  moment            `json:"updatedAt"`
	ID       string            `json:"id"`
}

// Stage is one step of an attempt.
type Stage struct {
	Name   string         `json:"name"`
	Input  map[string]any `json:"input"`
	Result struct {
		Status string          `json:"status"`
		Output json.RawMessage `json:"output"`
	} `json:"result"`
}

// Attempt is the one of that id.
func (c Client) Attempt(id string) (Attempt, error) {
	var a Attempt
	_, err := c.call(http.MethodGet, "/attempts/"+id, true, nil, nil, &a)
	types, statuses := []string{"SIGNUP", "VALIDATION"}, []string{"PENDING", "SUCCESS", "FAILED", "REVIEW", "CANCELLED"}
	if err == nil && (a.ID != a.ObjectID || a.ID != id || a.Faces == nil || a.Stages == nil ||
		!slices.Contains(types, a.Type) || !slices.Contains(statuses, a.Status)) {
		err = fmt.Errorf("an attempt %+v", a)
	}
	return a, err
}

// Review decides an attempt that waits for it: CANCELLED, FAILED or SUCCESS.
func (c Client) Review(id, status string) error {
	var reviewed string
	_, err := c.call(http.MethodPost, "/attempts/review/"+id, true, map[string]string{"status": status}, nil, &reviewed)
	if err == nil && reviewed != id {
		err = fmt.Errorf("the review of %s answers %s", id, reviewed)
	}
	return err
}

// Download fetches what a signed address names, without key and token.
func (c Client) Download(address string) ([]byte, error) {
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "image/")) {
		err = fmt.Errorf("%d: %.200s", res.StatusCode, content)
	}
	return content, err
}
