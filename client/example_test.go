package client_test

import (
	"context"
	"errors"
	"fmt"
	"log" //nolint:depguard // examples are as in programs of others
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"oneton/client"
	"oneton/config"
	"oneton/node"
	"oneton/setup"
)

// example is a server with the default pack, for the examples.
var example = sync.OnceValue(startExample) //nolint:gochecknoglobals // examples take no arguments

type exampleServer struct {
	url, key, photos string
	stop             func()
}

var started bool //nolint:gochecknoglobals // as above

func TestMain(m *testing.M) {
	code := m.Run()
	if started {
		example().stop()
	}
	os.Exit(code)
}

func startExample() exampleServer {
	started = true
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos)
	must(err)
	folder, err := os.MkdirTemp("", "oneton-example-*")
	must(err)
	cfg := config.Default()
	cfg.Data, cfg.Setup.Library, cfg.Setup.Models = folder, paths.Library, paths.Models
	n, err := node.Open(context.Background(), cfg, zerolog.Nop())
	must(err)
	key, err := n.Truth.Bootstrap(context.Background())
	must(err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- n.Serve(ctx, ln) }()
	return exampleServer{"http://" + ln.Addr().String(), key, paths.Photos, func() {
		stop()
		must(errors.Join(<-served, n.Close(), os.RemoveAll(folder)))
	}}
}

// photo is one of the photos that 'oneton setup --with photos' fetches.
func photo(name string) client.Photo { return client.File(filepath.Join(example().photos, name)) }

func open() *client.Client {
	c, err := client.New(client.Config{URL: example().url, Key: example().key})
	if err != nil {
		log.Fatal(err)
	}
	return c
}

// A gallery is made, somebody enrolled, and found on another photo.
func Example() {
	ctx, c := context.Background(), open()
	if _, err := c.CreateGallery(ctx, client.NewGallery{Name: "staff"}); err != nil {
		log.Fatal(err)
	}
	e, err := c.Enrol(ctx, "staff", client.NewSubject{
		ID: "obama", Metadata: map[string]string{"name": "Barack Obama"}, Photos: []client.Photo{photo("obama.jpg")},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Subject.ID, len(e.Faces))

	found, err := c.Search(ctx, "staff", client.Search{Photos: []client.Photo{photo("obama2.jpg")}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.Match, found.Candidates[0].Subject, found.Candidates[0].Metadata["name"])

	found, err = c.Search(ctx, "staff", client.Search{Photos: []client.Photo{photo("biden.jpg")}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.Match)
	// Output:
	// obama 1
	// one obama Barack Obama
	// nobody
}

// Errors are told apart by their code.
func ExampleCode() {
	_, err := open().Detect(context.Background(), client.Detect{Photo: client.Bytes([]byte("no photo"))})
	var e *client.Error
	fmt.Println(errors.Is(err, client.UnsupportedMediaType), errors.As(err, &e) && e.Field == "photo")
	// Output: true true
}

// Two photos are compared.
func ExampleClient_VerifyPhotos() {
	v, err := open().VerifyPhotos(context.Background(), photo("obama.jpg"), "", client.Verify{Photo: photo("obama2.jpg")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%t, above %.2f: %t\n", v.Match, v.Threshold, v.Cosine > v.Threshold)
	// Output: true, above 0.36: true
}

// Faces are found, the largest first.
func ExampleClient_Detect() {
	d, err := open().Detect(context.Background(), client.Detect{Photo: photo("sample6.jpg")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(d.Faces), "faces;", d.Faces[0].Quality.Comparable())
	// Output: 4 faces; true
}

// Lists are walked, page by page.
func ExampleClient_Galleries() {
	ctx, c := context.Background(), open()
	if _, err := c.CreateGallery(ctx, client.NewGallery{Name: "visitors"}); err != nil {
		log.Fatal(err)
	}
	for g, err := range c.Galleries(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if g.Name == "visitors" {
			fmt.Println(g.Name, g.Policy.FPIR)
		}
	}
	// Output: visitors 0.01
}
