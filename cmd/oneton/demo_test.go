package main

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDemo is the claim that every person is found first and every stranger is
// nobody: the demo fails otherwise, which its own tests show.
func TestDemo(t *testing.T) {
	sheet := filepath.Join(t.TempDir(), "new", "sheet.png")
	require.NoError(t, (&demoCommand{Sheet: sheet}).Run(t.Context()))

	f, err := os.Open(sheet)
	require.NoError(t, err)
	defer f.Close()
	drawn, err := png.Decode(f)
	require.NoError(t, err)
	require.Greater(t, drawn.Bounds().Dy(), 1000, "people, portraits and groups")
}
