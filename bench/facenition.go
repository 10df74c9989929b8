package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"oneton/audit"
	"oneton/config"
	"oneton/node"
	"oneton/photo"
	"oneton/store"
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
	// Write is the median of one row that the database has made durable, as each
	// /generate waits for; it is measured in turn with these.
	Write float64 `json:"durable_write_median_ms"`
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
	node       *node.Node
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
	var made struct{ Token string }
	if _, _, err := f.post("/generate", &made, "image", photos[0]); err != nil {
		return err
	}
	calls := map[string][]any{"generate": {"image", photos[0]}, "authenticate": {"image", photos[1], "token", made.Token}}
	models, beyond, writes := map[string][]float64{}, map[string][]float64{}, []float64{}
	for i := range c.Requests + 10 {
		warm := i >= 10
		for name, fields := range calls {
			m, b, err := f.post("/"+name, nil, fields...)
			if err != nil {
				return err
			}
			if warm {
				models[name], beyond[name] = append(models[name], m), append(beyond[name], b)
			}
		}
		took, err := f.write(ctx)
		if err != nil {
			return err
		}
		if warm {
			writes = append(writes, took)
		}
	}
	for name := range calls {
		res.Calls[name] = facenitionCall{median(models[name]), median(beyond[name]), quantile(beyond[name], 0.1), quantile(beyond[name], 0.9)}
	}
	res.Write = median(writes)
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
	f.node = n
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

// secret compares a photo with a token of its person under a wrong secret, and with
// one of somebody else under the right one, in turn.
func (f *facenition) secret(n int, photos [][]byte) (facenitionSecret, error) {
	var ours, theirs struct{ Token string }
	_, _, err := f.post("/generate", &ours, "image", photos[0], "secret", "right")
	if err == nil {
		_, _, err = f.post("/generate", &theirs, "image", photos[2], "secret", "right")
	}
	if err != nil {
		return facenitionSecret{}, err
	}
	r := facenitionSecret{SameBodies: true}
	bodies, beyond := [2][]byte{}, [2][]float64{}
	for range n {
		for _, i := range rand.Perm(2) {
			fields := [][]any{{"token", ours.Token, "secret", "wrong"}, {"token", theirs.Token, "secret", "right"}}[i]
			_, b, err := f.post("/authenticate", &bodies[i], append(fields, "image", photos[1])...)
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

// write records a deed, and returns how many milliseconds that took.
func (f *facenition) write(ctx context.Context) (float64, error) {
	begin := time.Now()
	err := f.node.Truth.Store.Update(ctx, "measure a write", func(tx store.Tx) error {
		return audit.By(store.Actor{}, audit.CalibrationReset, "bench").Record(tx)
	})
	return float64(time.Since(begin)) / float64(time.Millisecond), err
}
