// Package qdranttest finds a Qdrant for tests, or starts one.
package qdranttest

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

const (
	// address names the variable with the gRPC endpoint, host:port, of a Qdrant
	// that tests may fill.
	address = "ONETON_TEST_QDRANT"
	image   = "qdrant/qdrant:v1.18.3"
	port    = "6334/tcp"
)

// Address is the gRPC endpoint, host:port, of a Qdrant that many tests share:
// the one that ONETON_TEST_QDRANT names, or one of the program qdrant, or a
// container. Without any of them it skips the test.
func Address(t testing.TB) string {
	t.Helper()
	if found := os.Getenv(address); found != "" {
		return found
	}
	if _, err := program(); err == nil {
		return Start(t).Address()
	}
	found, err := container()
	require.NoError(t, err)
	if found == "" {
		t.Skip("Qdrant: set " + address + " or run a Docker engine that has or gets " + image)
	}
	return found
}

// container is the endpoint of the one container that this process starts,
// which is removed after the process's end; empty without an engine that has the
// image.
var container = sync.OnceValues(func() (endpoint string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if !has(ctx, image) {
		return "", nil
	}
	c, err := testcontainers.Run(ctx, image,
		testcontainers.WithExposedPorts(port),
		testcontainers.WithWaitStrategyAndDeadline(startPatience, wait.ForListeningPort(port)))
	if err != nil {
		return "", err
	}
	return c.PortEndpoint(ctx, port, "")
})

// has tells whether a Docker engine answers that has the image, or can pull it. The
// library panics when it finds none.
func has(ctx context.Context, image string) (there bool) {
	defer func() {
		if recover() != nil {
			there = false
		}
	}()
	provider, err := testcontainers.ProviderDefault.GetProvider()
	if err != nil {
		return false
	}
	defer provider.Close()
	images, err := provider.ListImages(ctx)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(images, func(i testcontainers.ImageInfo) bool { return i.Name == image }) ||
		provider.PullImage(ctx, image) == nil
}
