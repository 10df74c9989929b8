package golden_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/embed/golden"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/setup"
)

// The built-in packs compute what is recorded of them. After a change of a pack's
// version, ONETON_TEST_WRITE=1 records it anew: of the default pack, package embed's
// tests hold the same crops against an independent program.
func TestBuiltinPacksAreGolden(t *testing.T) {
	for _, name := range []string{"default", "accurate"} {
		t.Run(name, func(t *testing.T) {
			paths, err := setup.Find(setup.FromEnvironment())
			require.NoError(t, err)
			m, err := pack.Builtin(name)
			require.NoError(t, err)
			for file, state := range pack.Look(m, paths.Models) {
				if name != "default" && errors.Is(state, pack.ErrMissing) {
					t.Skipf("%s: not installed; oneton setup --with %s", file, name)
				}
			}
			e := embedtest.New(t, embed.Config{}, embedtest.Pack(t, name))
			got, err := golden.Compute(t.Context(), e, name)
			require.NoError(t, err)
			require.Len(t, got.Templates, 2)
			if os.Getenv("ONETON_TEST_WRITE") != "" {
				content, err := json.Marshal(got)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile("outputs/"+name+".json", append(content, '\n'), 0o600))
				return
			}
			want, err := golden.Recorded(name, got.Version)
			require.NoError(t, err)
			least, err := got.Compare(want)
			require.NoError(t, err)
			require.Greater(t, least, golden.LeastCosine)

			different := want
			different.Templates = map[string]face.Template{}
			for name, v := range want.Templates {
				different.Templates[name] = slices.Clone(v)
				slices.Reverse(different.Templates[name])
			}
			_, err = got.Compare(different)
			require.ErrorIs(t, err, golden.ErrDiffers, "another template is told")
			_, err = golden.Recorded(name, "0")
			require.ErrorIs(t, err, golden.ErrNone)
		})
	}
	_, err := golden.Recorded("another", "1")
	require.ErrorIs(t, err, golden.ErrNone)
	_, err = golden.Outputs{}.Compare(golden.Outputs{Pack: ""})
	require.ErrorIs(t, err, golden.ErrDiffers, "nothing recorded is nothing checked")
}
