// Package docker_test holds the image and the compositions against what must
// be true of them, where no engine runs too.
package docker_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"oneton/config"
)

// variants are the compositions, with how often each program runs in them.
var variants = map[string]map[string]int{
	"compose.yaml":         {"oneton": 1},
	"compose.qdrant.yaml":  {"oneton": 1, "postgres": 1, "qdrant": 1},
	"compose.cluster.yaml": {"oneton": 2, "postgres": 1, "qdrant": 3, "nginx": 1},
}

var secrets = []string{"POSTGRES_PASSWORD=a password", "QDRANT_API_KEY=a key"}

func load(file string, environment ...string) (*types.Project, error) {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithEnv(environment), cli.WithResolvedPaths(true))
	if err != nil {
		return nil, err
	}
	return options.LoadProject(context.Background())
}

// each calls f for every service of every variant.
func each(t *testing.T, f func(t *testing.T, p *types.Project, s types.ServiceConfig)) {
	t.Helper()
	for file := range variants {
		p, err := load(file, secrets...)
		require.NoError(t, err, file)
		for name, s := range p.Services {
			t.Run(file+"/"+name, func(t *testing.T) { f(t, p, s) })
		}
	}
}

// program is the last part of an image's name, without its tag.
func program(image string) string {
	name, _, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	return name
}

func TestVariantsHaveTheirParts(t *testing.T) {
	for file, want := range variants {
		p, err := load(file, secrets...)
		require.NoError(t, err, file)
		got := make(map[string]int)
		for _, s := range p.Services {
			got[program(s.Image)]++
		}
		require.Equal(t, want, got, file)
	}
}

// What is built tells the version that it is given, and none that nobody gave it.
func TestBuildsTellTheirVersion(t *testing.T) {
	for given, want := range map[string]string{"": "", "2.3.4": "2.3.4"} {
		p, err := load("compose.yaml", append(secrets, "ONETON_VERSION="+given)...)
		require.NoError(t, err)
		version := p.Services["oneton"].Build.Args["VERSION"]
		require.NotNil(t, version)
		require.Equal(t, want, *version)
	}
}

var pinned = regexp.MustCompile(`^(oneton:1|[a-z/]+:v?[0-9]+(\.[0-9]+)+(-[a-z0-9]+)?)$`)

// A service that is broken into can change nothing that it does not own.
func TestServicesHaveFewRights(t *testing.T) {
	each(t, func(t *testing.T, _ *types.Project, s types.ServiceConfig) {
		require.Regexp(t, pinned, s.Image, "a version, not what is latest")
		require.Regexp(t, `^[1-9][0-9]*:[1-9][0-9]*$`, s.User, "not root")
		require.True(t, s.ReadOnly)
		require.Equal(t, []string{"ALL"}, s.CapDrop)
		require.Empty(t, s.CapAdd)
		require.Equal(t, []string{"no-new-privileges:true"}, s.SecurityOpt)
		require.False(t, s.Privileged)
		require.Empty(t, s.NetworkMode)
		require.Empty(t, s.Pid)
		require.Empty(t, s.Devices)
		for _, v := range s.Volumes {
			require.True(t, v.Type == types.VolumeTypeVolume || v.ReadOnly, "%s is the host's and must be read-only", v.Source)
		}
		for _, port := range s.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, "no port is open to the network unless its owner says so")
		}
	})
}

func TestServicesAreWatchedAndBounded(t *testing.T) {
	each(t, func(t *testing.T, p *types.Project, s types.ServiceConfig) {
		require.NotNil(t, s.HealthCheck)
		require.False(t, s.HealthCheck.Disable)
		require.Equal(t, "CMD", s.HealthCheck.Test[0], "without a shell where none is needed")
		require.Equal(t, types.RestartPolicyUnlessStopped, s.Restart)
		require.NotNil(t, s.StopGracePeriod)
		limits := s.Deploy.Resources.Limits
		require.NotZero(t, limits.MemoryBytes)
		require.NotZero(t, limits.NanoCPUs)
		require.NotZero(t, limits.Pids)
		for name, d := range s.DependsOn {
			require.Equal(t, types.ServiceConditionHealthy, d.Condition, name)
			require.NotNil(t, p.Services[name].HealthCheck)
		}
	})
}

// What a service writes outlives it: its data lies on a volume that no other
// service has, but for the secret that replicas share.
func TestDataLiesOnVolumes(t *testing.T) {
	places := map[string][]string{
		"oneton":   {"/data"},
		"postgres": {"/var/lib/postgresql/data"},
		"qdrant":   {"/qdrant/storage"},
		"nginx":    nil,
	}
	for file := range variants {
		p, err := load(file, secrets...)
		require.NoError(t, err)
		owners := make(map[string]string)
		for name, s := range p.Services {
			var got []string
			for _, v := range s.Volumes {
				if v.Type != types.VolumeTypeVolume {
					continue
				}
				require.Contains(t, p.Volumes, v.Source)
				got = append(got, v.Target)
				if v.Target != "/secret" {
					require.Empty(t, owners[v.Source], "%s and %s share a volume", name, owners[v.Source])
				}
				owners[v.Source] = name
			}
			want := places[program(s.Image)]
			if variants[file]["oneton"] > 1 && program(s.Image) == "oneton" {
				want = append(want, "/secret")
			}
			require.ElementsMatch(t, want, got, "%s %s", file, name)
		}
	}
}

// What is set for oneton are settings, of values that it takes.
func TestSettingsAreSettings(t *testing.T) {
	each(t, func(t *testing.T, p *types.Project, s types.ServiceConfig) {
		if program(s.Image) != "oneton" {
			return
		}
		var environ []string
		for k, v := range s.Environment {
			environ = append(environ, k+"="+*v)
		}
		c, err := config.Load("", environ, nil)
		require.NoError(t, err)
		if variants[filepath.Base(p.ComposeFiles[0])]["oneton"] > 1 {
			require.Equal(t, "/secret/secret.key", c.Secret, "replicas share it")
		}
		require.Less(t, c.Drain, time.Duration(*s.StopGracePeriod), "a stop is not cut short")
		require.Equal(t, float32(c.Pool.Workers), float32(s.Deploy.Resources.Limits.NanoCPUs), "a worker a processor")
		for name, address := range map[string]string{"postgres": c.Store.URL, "qdrant": c.Index.Qdrant.Address} {
			uses := name == "postgres" && c.Store.Driver == "postgres" || name == "qdrant" && c.Index.Engine == "qdrant"
			require.Equal(t, variants[filepath.Base(p.ComposeFiles[0])][name] > 0, uses, name)
			if uses {
				require.Contains(t, address, name)
				require.True(t, answersTo(p, name), "a service has the name %s", name)
			}
		}
	})
}

// answersTo tells whether a service has the name on the network.
func answersTo(p *types.Project, name string) bool {
	for _, s := range p.Services {
		for _, n := range s.Networks {
			if s.Name == name || n != nil && slices.Contains(n.Aliases, name) {
				return true
			}
		}
	}
	return false
}

// Databases are on a network that leads nowhere, apart from who may ask them.
func TestDatabasesAreOutOfReach(t *testing.T) {
	each(t, func(t *testing.T, p *types.Project, s types.ServiceConfig) {
		if name := program(s.Image); name != "postgres" && name != "qdrant" {
			return
		}
		require.Empty(t, s.Ports)
		for network := range s.Networks {
			require.True(t, p.Networks[network].Internal, network)
			for _, other := range p.Services {
				if _, there := other.Networks[network]; there {
					require.NotEqual(t, "nginx", program(other.Image))
				}
			}
		}
	})
}

// No file holds a secret, and without one nothing starts.
func TestSecretsComeFromOutside(t *testing.T) {
	secret := regexp.MustCompile(`(?m)^\s*\S*(PASSWORD|API_KEY|TOKEN)\S*:(.*)$`)
	files := append(slices.Collect(maps.Keys(variants)), "services.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, line := range secret.FindAllStringSubmatch(string(text), -1) {
			require.Regexp(t, `^ \$\{[A-Z_]+:\?[a-zA-Z ]+\}$`, line[2], "%s: %s", file, line[0])
		}
		require.NotRegexp(t, `://[^/@ ]+:[^/@ ]+@`, string(text), "a password in an address")
	}
	for file, parts := range variants {
		_, err := load(file)
		if parts["postgres"] == 0 {
			require.NoError(t, err, file)
		} else {
			require.ErrorContains(t, err, "choose a", file)
		}
	}
}
