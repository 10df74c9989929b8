package node

import (
	"context"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/facesession"
)

// steps can be checked.
type steps struct{ noChecks }

func (steps) Plan() []facesession.StepKind { return []facesession.StepKind{facesession.Look} }

// A node that can check no step says that it has no face sessions, whichever APIs it
// serves.
func TestFaceSessionsAreToldToBeOff(t *testing.T) {
	for _, prefix := range []string{"", "/v1/2face"} {
		for _, c := range []struct {
			checks facesession.Checks
			off    bool
		}{{nil, true}, {steps{}, false}} {
			cfg := config.Default()
			cfg.Data, cfg.Twoface.Prefix = t.TempDir(), prefix
			n, err := OpenWith(context.Background(), cfg, zerolog.Nop(), Parts{Embedder: versioned{version: "1"}, Checks: c.checks})
			require.NoError(t, err)
			if c.off {
				require.Equal(t, faceSessionsOff, n.off()["face_sessions"])
			} else {
				require.NotContains(t, n.off(), "face_sessions")
			}
			require.NoError(t, n.Close())
		}
	}
}
