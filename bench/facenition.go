package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"oneton/config"
	"oneton/node"
	"oneton/photo"
)

type facenitionCommand struct {
	Requests int    `help:"Requests of each call." default:"300"`
	Secrets  int    `help:"Comparisons with a wrong secret, and as many with a wrong face." default:"200"`
	Photo    string `help:"Photo of the token's person, of the demo photos." default:"obama.jpg"`
	Again    string `help:"Another photo of theirs." default:"obama2.jpg"`
	Other    string `help:"Photo of somebody else." default:"biden.jpg"`
	Out      string `help:"Folder of the results." default:"bench/results" json:"-"`
}

type facenitionResult struct {
	// Calls have what a call costs its client beyond what the models take for the
	// photo of that very request: body, client token, identity token, database and
	// the way there and back.
	Calls map[string]facenitionCall `json:"calls"`
	// Flush is the median of writing 4 KiB to the same disk durably, which each
	// /generate waits for.
	Flush float64 `json:"flush_4_kib_median_ms"`
	// Secret compares a wrong secret with a wrong face.
	Secret facenitionSecret `json:"wrong_secret_and_wrong_face"`
}

type facenitionCall struct {
	Models float64 `json:"models_median_ms"`
	Beyond float64 `json:"beyond_models_median_ms"`
	// Least and Most are the tenth and the ninetieth percentile: what other work on
	// the machine disturbs least, and most.
	Least float64 `json:"beyond_models_p10_ms"`
	Most  float64 `json:"beyond_models_p90_ms"`
}

type facenitionSecret struct {
	SameBodies bool    `json:"bodies_are_the_same"`
	Secret     float64 `json:"wrong_secret_median_ms"`
	Face       float64 `json:"wrong_face_median_ms"`
	// Apart is the probability that a wrong secret took longer than a wrong face,
	// beyond the models; Doubt is what half a 95 % confidence interval around 0.5 is
	// where they are the same (Mann and Whitney, 1947).
	Apart float64 `json:"probability_that_secret_took_longer"`
	Doubt float64 `json:"half_interval_where_equal"`
}

// clocked is an embedder that remembers how long the last photo took, the wait for
// a worker included.
type clocked struct {
	node.Embedder
	took atomic.Int64
}

func (c *clocked) Embed(ctx context.Context, pack string, content []byte, checks ...photo.Check) (photo.Result, error) {
	begin := time.Now()
	defer func() { c.took.Store(int64(time.Since(begin))) }()
	return c.Embedder.Embed(ctx, pack, content, checks...)
}

// facenition is a node with one client of the dialect.
type facenition struct {
	url, token string
	models     *clocked
}

// Run measures a node in this process, through its server on loopback.
func (c *facenitionCommand) Run(ctx context.Context) (err error) {
	photos := make([][]byte, 3)
	for i, name := range []string{c.Photo, c.Again, c.Other} {
		if photos[i], err = demoPhoto(name); err != nil {
			return err
		}
	}
	folder, err := os.MkdirTemp("", "oneton-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	f, stop, err := startFacenition(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	res := facenitionResult{Calls: map[string]facenitionCall{}}
	if res.Flush, err = flush(folder); err != nil {
		return err
	}
	var made struct{ Token string }
	if _, _, err := f.post("/generate", &made, "image", photos[0]); err != nil {
		return err
	}
	for name, fields := range map[string][]any{
		"generate": {"image", photos[0]}, "authenticate": {"image", photos[1], "token", made.Token},
	} {
		var models, beyond []float64
		for i := range c.Requests + 10 {
			m, b, err := f.post("/"+name, nil, fields...)
			if err != nil {
				return err
			}
			if i >= 10 { // it is warm
				models, beyond = append(models, m), append(beyond, b)
			}
		}
		res.Calls[name] = facenitionCall{median(models), median(beyond), quantile(beyond, 0.1), quantile(beyond, 0.9)}
	}
	if res.Secret, err = f.secret(c.Secrets, photos); err != nil {
		return err
	}
	return save(c.Out, "facenition", c, res)
}

func startFacenition(ctx context.Context, folder string) (f *facenition, stop func() error, err error) {
	cfg := config.Default()
	cfg.Data, cfg.Facenition.Prefix = filepath.Join(folder, "data"), "/facenition"
	models, err := node.OpenModels(cfg)
	if err != nil {
		return nil, nil, err
	}
	f = &facenition{models: &clocked{Embedder: models}}
	n, err := node.OpenWith(ctx, cfg, zerolog.Nop(), node.Parts{Embedder: f.models})
	if err != nil {
		return nil, nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, errors.Join(err, n.Close())
	}
	serving, end := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- n.Serve(serving, ln) }()
	stop = func() error {
		end()
		return errors.Join(<-served, n.Close())
	}
	f.url = "http://" + ln.Addr().String() + cfg.Facenition.Prefix
	var client struct {
		AuthToken string `json:"auth_token"`
	}
	if _, _, err := f.post("/generateToken", &client, "email", "ada@example.org", "phone", "+41791234567"); err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	f.token = client.AuthToken
	return f, stop, nil
}

// post sends fields and photos, given as name and content, and returns how many
// milliseconds its models took, and all else.
func (f *facenition) post(path string, into any, fields ...any) (models, beyond float64, err error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		name, _ := fields[i].(string)
		part, err := w.CreateFormField(name)
		if err != nil {
			return 0, 0, err
		}
		switch content := fields[i+1].(type) {
		case string:
			_, err = io.WriteString(part, content)
		case []byte:
			_, err = part.Write(content)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	if err := w.Close(); err != nil {
		return 0, 0, err
	}
	req, err := http.NewRequest(http.MethodPost, f.url+path, &body)
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("X-Auth-Token", f.token)
	f.models.took.Store(0)
	begin := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	took := time.Since(begin)
	if err != nil || res.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("post %s: %s: %s: %w", path, res.Status, answer, err)
	}
	embedded := time.Duration(f.models.took.Load())
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	switch into := into.(type) {
	case nil:
	case *[]byte:
		*into = answer
	default:
		err = json.Unmarshal(answer, into)
	}
	return ms(embedded), ms(took - embedded), err
}

// secret compares the right face under a wrong secret with a wrong face under the
// right one, in turn.
func (f *facenition) secret(n int, photos [][]byte) (facenitionSecret, error) {
	var made struct{ Token string }
	if _, _, err := f.post("/generate", &made, "image", photos[0], "secret", "right"); err != nil {
		return facenitionSecret{}, err
	}
	r := facenitionSecret{SameBodies: true}
	bodies, beyond := [2][]byte{}, [2][]float64{}
	for range n {
		for i, fields := range [][]any{{"image", photos[1], "secret", "wrong"}, {"image", photos[2], "secret", "right"}} {
			_, b, err := f.post("/authenticate", &bodies[i], append(fields, "token", made.Token)...)
			if err != nil {
				return r, err
			}
			beyond[i] = append(beyond[i], b)
		}
		r.SameBodies = r.SameBodies && bytes.Equal(bodies[0], bodies[1])
	}
	r.Secret, r.Face = median(beyond[0]), median(beyond[1])
	longer := 0.0
	for _, a := range beyond[0] {
		for _, b := range beyond[1] {
			switch {
			case a > b:
				longer++
			case a == b:
				longer += 0.5
			}
		}
	}
	size := float64(n)
	r.Apart = longer / size / size
	r.Doubt = 1.96 * math.Sqrt((2*size+1)/(12*size*size))
	return r, nil
}

// flush is the median of writing a page durably, in milliseconds.
func flush(folder string) (float64, error) {
	f, err := os.Create(filepath.Join(folder, "flush"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var took []float64
	for range 100 {
		begin := time.Now()
		if _, err := f.WriteAt(make([]byte, 4<<10), 0); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, float64(time.Since(begin))/float64(time.Millisecond))
	}
	return median(took), nil
}
