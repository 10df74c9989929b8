// Package clienttest is a client of uqudo's Face API, written from the API's public
// documents alone: it shares no type, constant or code with the server, and verifies
// results by another library. It reads what the original's clients read: of a refused
// call the status, and of a 400 `error` and `message`.
package clienttest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client calls an API by the two base URLs that its owner was shown: that of tokens, as
// https://auth.uqudo.io/api, and that of the API, as https://id.uqudo.io.
type Client struct {
	Tokens, API string
	ID, Secret  string
	HTTP        *http.Client

	token string
	ends  time.Time
	keys  keys
}

// Error is a call that was refused.
type Error struct {
	Status int
	// Code and Message are those of a 400.
	Code, Message string
}

// Error is the code, or the status.
func (e *Error) Error() string { return fmt.Sprintf("uqudo: %d %s: %s", e.Status, e.Code, e.Message) }

// authorise gets a token where there is none, or it ends soon.
func (c *Client) authorise() error {
	if c.token != "" && time.Until(c.ends) > time.Minute {
		return nil
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ID}, "client_secret": {c.Secret}}
	res, err := c.HTTP.PostForm(c.Tokens+"/oauth/token", form)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	var got struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
		Scope       string
		JTI         string
	}
	if err := decode(res, http.StatusOK, &got); err != nil {
		return err
	}
	if got.TokenType != "bearer" || got.ExpiresIn < 1 || got.AccessToken == "" || got.JTI == "" {
		return fmt.Errorf("uqudo: a token of another shape: %+v", got)
	}
	c.token, c.ends = got.AccessToken, time.Now().Add(time.Duration(got.ExpiresIn)*time.Second)
	return nil
}

// call sends a request, with a new token once where the one it has is refused.
func (c *Client) call(method, path, contentType string, body []byte, status int, out any) error {
	err := c.send(method, path, contentType, body, status, out)
	if e := (*Error)(nil); errors.As(err, &e) && e.Status == http.StatusUnauthorized {
		c.token = ""
		err = c.send(method, path, contentType, body, status, out)
	}
	return err
}

func (c *Client) send(method, path, contentType string, body []byte, status int, out any) error {
	if err := c.authorise(); err != nil {
		return err
	}
	req, err := http.NewRequest(method, c.API+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	return decode(res, status, out)
}

func (c *Client) json(method, path string, in any, status int, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.call(method, path, "application/json", body, status, out)
}

// decode reads an answer of that status, strictly, or the Error that it is.
func decode(res *http.Response, status int, out any) error {
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != status {
		e := &Error{Status: res.StatusCode}
		if res.StatusCode == http.StatusBadRequest {
			if res.Header.Get("Content-Type") != "application/json" {
				return fmt.Errorf("uqudo: a 400 of the type %q", res.Header.Get("Content-Type"))
			}
			var told struct{ Error, Message string }
			if err := json.Unmarshal(body, &told); err != nil {
				return err
			}
			e.Code, e.Message = told.Error, told.Message
		}
		return e
	}
	switch out := out.(type) {
	case nil:
		if len(body) > 0 {
			return fmt.Errorf("uqudo: a body where none is: %.64s", body)
		}
		return nil
	case *[]byte:
		if res.Header.Get("Content-Type") != "image/jpeg" {
			return fmt.Errorf("uqudo: a picture of the type %q", res.Header.Get("Content-Type"))
		}
		*out = body
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(out)
}

// Match tells whether two photos are of one person, and at which level.
func (c *Client) Match(source, target []byte, minimum int) (match bool, level int, err error) {
	var got struct {
		Match bool `json:"match"`
		Level int  `json:"matchLevel"`
	}
	err = c.json(http.MethodPost, "/api/v1/face/match", map[string]any{"sourceImage": source, "targetImage": target, "minimumMatchLevel": minimum}, http.StatusOK, &got)
	return got.Match, got.Level, err
}

// Search finds the person of a photo; the id is empty for nobody.
func (c *Client) Search(photo []byte, insert bool) (id string, match bool, err error) {
	var got struct {
		ID    *string `json:"oneToNVerificationId"`
		Match *bool   `json:"oneToNVerificationMatch"`
	}
	if err := c.json(http.MethodPost, "/api/v1/face/one-to-n/search", map[string]any{"idPhoto": photo, "insert": insert}, http.StatusOK, &got); err != nil {
		return "", false, err
	}
	if got.Match == nil {
		return "", false, errors.New("uqudo: a search that says nothing")
	}
	if got.ID != nil {
		id = *got.ID
	}
	return id, *got.Match, nil
}

// Insert adds a photo.
func (c *Client) Insert(photo []byte) (id string, err error) {
	var got struct {
		ID string `json:"oneToNVerificationId"`
	}
	err = c.json(http.MethodPost, "/api/v1/face/one-to-n/insert", map[string]any{"idPhoto": photo}, http.StatusOK, &got)
	return got.ID, err
}

// Delete deletes a stored photo.
func (c *Client) Delete(id string) error {
	return c.call(http.MethodDelete, "/api/v1/face/one-to-n/search/"+id, "", nil, http.StatusNoContent, nil)
}

// Open opens a face session with a photo as a file.
func (c *Client) Open(photo []byte) (session string, err error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("idPhoto", "id.jpg")
	if err == nil {
		_, err = part.Write(photo)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return "", err
	}
	return c.open(form.FormDataContentType(), body.Bytes())
}

// OpenJSON opens a face session with a photo in JSON.
func (c *Client) OpenJSON(photo []byte) (session string, err error) {
	return c.open("application/json", []byte(`{"idPhoto":"`+base64.StdEncoding.EncodeToString(photo)+`"}`))
}

func (c *Client) open(contentType string, body []byte) (string, error) {
	var got struct {
		ID string `json:"sessionId"`
	}
	err := c.call(http.MethodPost, "/api/v1/face", contentType, body, http.StatusCreated, &got)
	return got.ID, err
}

// AuditImage is the picture that a result names.
func (c *Client) AuditImage(id string) (jpeg []byte, err error) {
	err = c.call(http.MethodGet, "/api/v1/info/img/"+id, "", nil, http.StatusOK, &jpeg)
	return jpeg, err
}

// Purge purges a face session.
func (c *Client) Purge(session string) error {
	return c.call(http.MethodDelete, "/api/v1/info/"+strings.ToLower(session), "", nil, http.StatusNoContent, nil)
}
