package imports_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// says are the messages by where they are.
func says(all []found) map[string]string {
	m := make(map[string]string)
	for _, f := range all {
		m[f.Ref] = f.Message
	}
	return m
}

// Each refusal says what is the matter, and not what else might have been.
func TestRefusalsSayWhy(t *testing.T) {
	const nul, utf8 = "has a NUL", "not UTF-8"
	circle := "links lead round in a circle"
	folder := put(t, map[string]string{"ada/1.jpg": "\xff\xd8\xffa", "b\xe9a/1.jpg": "\xff\xd8\xffb"})
	for name, to := range map[string]string{"ada/itself.jpg": "itself.jpg", "ada/there.jpg": "back.jpg", "ada/back.jpg": "there.jpg", "ada/under.jpg": "1.jpg/2.jpg", "ada/out.jpg": "../../x.jpg"} {
		require.NoError(t, os.Symlink(to, filepath.Join(folder, name)))
	}
	long := strings.Repeat("x", 300) + ".jpg"
	lines := []string{
		`{"subject":"a\u0000b","photo":"` + encoded("x") + `"}`, `{"subject":"ada","path":"1\u0000.jpg"}`, "{\"subject\":\"Jos\xe9\",\"photo\":\"" + encoded("x") + "\"}",
		`{"subject":"Jos\ud800","photo":"` + encoded("x") + `"}`, `{"subject":"ada","path":"1.jpg","metadata":{"a":"\udc00"}}`, `{"subject":"Jos\uFFFD","photo":"` + encoded("x") + `"}`,
		`{"subject":"ada","path":"1.jpg/2.jpg"}`, `{"subject":"ada","path":"` + long + `"}`, `{"subject":"ada","path":"itself.jpg"}`,
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "ada", "people.ndjson"), []byte(strings.Join(lines, "\n")), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "ada", "people.csv"), []byte("subject,photo,team\nada,1.jpg,"+strings.Repeat("x", 600)+"\nada,1.jpg,a\x00b\nada,1.jpg,a\xe9b\nada,itself.jpg,\n"), 0o600))
	for source, want := range map[string]map[string]string{
		"": {
			"ada/itself.jpg": circle, "ada/there.jpg": circle, "ada/back.jpg": circle, "ada/under.jpg": "a file where the path has a folder", "ada/out.jpg": "leads out of the folder", `"b\xe9a/1.jpg"`: utf8,
		},
		"ada/people.ndjson": {
			"line 1": nul, `line 2: "1\x00.jpg"`: nul, "line 3": utf8, "line 4": "half of a surrogate pair", "line 5": "half of a surrogate pair", "line 6": "must be 1 to 128 letters",
			"line 7: 1.jpg/2.jpg": "a file where the path has a folder", "line 8: " + long: "longer than one can be", "line 9: itself.jpg": circle,
		},
		"ada/people.csv": {"line 3": nul, "line 4": utf8, "line 5: itself.jpg": circle},
	} {
		got := says(read(t, opened(t, filepath.Join(folder, source), options(t))))
		for ref, text := range want {
			require.Contains(t, got[ref], text, "%s in %v", ref, got)
		}
	}
	zip := archive(t, entry{name: "a\x00b/1.jpg", content: "\xff\xd8\xff"}, entry{name: "a\xe9b/1.jpg", content: "\xff\xd8\xff"})
	got := says(read(t, zipped(t, zip)))
	require.Contains(t, got[`"a\x00b/1.jpg"`], nul)
	require.Contains(t, got[`"a\xe9b/1.jpg"`], utf8)
}

// An archive counts the photos that it may have, and neither folders nor litter.
func TestArchivesCountPhotos(t *testing.T) {
	a := zipped(t, archive(t, entry{name: "ada/"}, entry{name: "ada/1.jpg", content: "\xff\xd8\xffa"}, entry{name: "__MACOSX/"}, entry{name: "__MACOSX/ada/._1.jpg", content: "x"},
		entry{name: "ada/.DS_Store", content: "x"}, entry{name: "ada/Thumbs.db", content: "x"}, entry{name: "ada/readme.txt", content: "x"}))
	size, known := a.Size()
	require.True(t, known)
	require.EqualValues(t, 2, size)
	require.Len(t, read(t, a), 2)
}
