package postgrestest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// Image names the image of PostgreSQL that shared servers are started from
// instead of the system's packages.
const Image = "ONETON_TEST_POSTGRES_IMAGE"

const port = "5432/tcp"

// container is a server of the image in a container, and what stops it.
func container(image string) (server string, stop func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	password := rand.Text()
	c, err := testcontainers.Run(ctx, image,
		testcontainers.WithEnv(map[string]string{"POSTGRES_PASSWORD": password}),
		testcontainers.WithCmd("postgres", "-c", "fsync=off"),
		testcontainers.WithExposedPorts(port),
		testcontainers.WithWaitStrategyAndDeadline(startPatience, wait.ForListeningPort(port)))
	stop = func() { _ = testcontainers.TerminateContainer(c) } // What is left of a test's container is the engine's to tell.
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("starting PostgreSQL of %s=%s: %w", Image, os.Getenv(Image), err)
	}
	endpoint, err := c.PortEndpoint(ctx, port, "")
	if err != nil {
		stop()
		return "", nil, err
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(superuser, password), Host: endpoint, Path: "/postgres", RawQuery: "sslmode=disable"}
	return u.String(), stop, nil
}
