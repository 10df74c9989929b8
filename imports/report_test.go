package imports_test

import (
	"bytes"
	"encoding/csv"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/imports"
)

// TestTablesHoldNoFormulas: a spreadsheet takes a path for text, whoever named it.
func TestTablesHoldNoFormulas(t *testing.T) {
	paths := []string{`ada/1.jpg`, `=HYPERLINK("http://x")/1.jpg`, `+1/1.jpg`, `-1/1.jpg`, `@x/1.jpg`}
	var b bytes.Buffer
	report := imports.TableReport(&b)
	for _, path := range paths {
		require.NoError(t, report(imports.Result{Item: imports.Item{Ref: path}, Outcome: imports.Refused}))
	}
	rows, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, len(paths)+1)
	require.Equal(t, paths[0], rows[1][0])
	require.Equal(t, `"=HYPERLINK(\"http://x\")/1.jpg"`, rows[2][0])
	for _, row := range rows[2:] {
		require.Equal(t, byte('"'), row[0][0])
	}
}
