package demo

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrongAnswers(t *testing.T) {
	portrait, group, cat := probes()[0], probes()[6], probes()[5]
	for name, tc := range map[string]struct {
		probe probe
		// answered are the people found from left to right.
		answered []string
		match    string
		right    bool
	}{
		"person found":                   {portrait, []string{"barack-obama"}, "one", true},
		"person found first of several":  {portrait, []string{"barack-obama"}, "several", true},
		"person missed":                  {portrait, []string{nobody}, "nobody", false},
		"another person":                 {portrait, []string{"joe-biden"}, "one", false},
		"person named, answer is nobody": {portrait, []string{"barack-obama"}, "nobody", false},
		"face of a person missed":        {portrait, nil, "", false},
		"group":                          {group, []string{"person-b", nobody, nobody, "person-a"}, "", true},
		"stranger in a group":            {group, []string{"person-b", "person-c", nobody, "person-a"}, "", false},
		"people of a group mixed up":     {group, []string{"person-a", nobody, nobody, "person-b"}, "", false},
		"face of a group missed":         {group, []string{"person-b", nobody, nobody}, "", false},
		"face of a group made up":        {group, []string{"person-b", nobody, nobody, "person-a", nobody}, "", false},
		"no face on the cat":             {cat, nil, "", true},
		"face on the cat":                {cat, []string{nobody}, "nobody", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := result{probe: tc.probe}
			for _, id := range tc.answered {
				f := found{Match: tc.match}
				if id != nobody {
					f.Candidates = []candidate{{Subject: id}, {Subject: "someone-else"}}
				}
				if f.Match == "" && id == nobody {
					f.Match = "nobody"
				}
				r.faces = append(r.faces, f)
			}
			if tc.right {
				require.NoError(t, r.wrong())
			} else {
				require.ErrorIs(t, r.wrong(), ErrWrongAnswer)
			}
		})
	}
}
