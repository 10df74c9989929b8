package setup

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// component is one of a CycloneDX document's.
type component struct {
	Type       string              `json:"type"`
	Ref        string              `json:"bom-ref,omitempty"`
	Name       string              `json:"name"`
	Version    string              `json:"version,omitempty"`
	Hashes     []checksum          `json:"hashes"`
	Licences   []map[string]string `json:"licenses,omitempty"`
	URL        string              `json:"purl,omitempty"`
	Components []component         `json:"components,omitempty"`
}

type checksum struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

// Bill writes the packages of the groups and the files that are taken out of them,
// with their hashes and licences, as a bill of materials in CycloneDX 1.6.
func Bill(out io.Writer, cfg Config, groups ...Group) error {
	s, err := open(cfg)
	if err != nil {
		return err
	}
	wanted, err := s.wanted(groups)
	if err != nil {
		return err
	}
	document := struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Version    int         `json:"version"`
		Components []component `json:"components"`
	}{"CycloneDX", "1.6", 1, nil}
	for _, a := range wanted {
		document.Components = append(document.Components, a.component())
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document); err != nil {
		return fmt.Errorf("write a bill of materials: %w", err)
	}
	return nil
}

func (a archive) component() component {
	kind := map[client]string{pip: "pypi", npm: "npm"}[a.client]
	c := component{
		Type: "library", Name: a.name, Version: a.version, Hashes: sha(a.sha256),
		Licences: []map[string]string{{"expression": a.licence}},
		URL:      fmt.Sprintf("pkg:%s/%s@%s", kind, strings.ReplaceAll(a.name, "@", "%40"), a.version),
	}
	// Two groups may take files of one package.
	c.Ref = c.URL + "#" + string(a.group)
	for _, f := range a.files {
		part := component{Type: "file", Name: f.name, Hashes: sha(f.sha256)}
		if strings.HasSuffix(f.name, ".onnx") {
			part.Type = "machine-learning-model"
		}
		c.Components = append(c.Components, part)
	}
	return c
}

func sha(sum string) []checksum { return []checksum{{"SHA-256", sum}} }
