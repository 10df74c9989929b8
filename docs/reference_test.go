package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// spec is a description of an API, whose parts are told in its own order.
type spec struct{ root *yaml.Node }

// pair is a field of a node.
type pair struct {
	key   string
	value *yaml.Node
}

// fields are a node's, with what it refers to in its place.
func (s spec) fields(n *yaml.Node) (all []pair) {
	n = s.whole(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == "<<" { // what it has from another
			all = append(all, s.fields(n.Content[i+1])...)
			continue
		}
		all = append(all, pair{n.Content[i].Value, n.Content[i+1]})
	}
	return all
}

// at is what a path of keys leads to, or nil.
func (s spec) at(n *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		var next *yaml.Node
		for _, f := range s.fields(n) {
			if f.key == key {
				next = f.value
			}
		}
		if n = next; n == nil {
			return nil
		}
	}
	return s.whole(n)
}

// text is a value as it is written, in one line.
func (s spec) text(n *yaml.Node, path ...string) string {
	n = s.at(n, path...)
	if n == nil {
		return ""
	}
	if n.Kind == yaml.SequenceNode {
		var all []string
		for _, v := range n.Content {
			all = append(all, v.Value)
		}
		return strings.Join(all, ", ")
	}
	return strings.TrimSpace(n.Value)
}

func inLine(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", "\\|")
}

// reference is what a node refers to, by its last name; empty where it does not.
func reference(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.MappingNode || len(n.Content) < 2 || n.Content[0].Value != "$ref" {
		return ""
	}
	return n.Content[1].Value
}

func (s spec) whole(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for reference(n) != "" {
		path := strings.Split(strings.TrimPrefix(reference(n), "#/"), "/")
		n = s.at(s.root, path...)
	}
	return n
}

// kind is a schema's type, as a row has it; what has a name of its own is linked.
func (s spec) kind(n *yaml.Node) string {
	if of := reference(n); of != "" {
		name := of[strings.LastIndex(of, "/")+1:]
		return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
	}
	for _, choice := range []string{"oneOf", "anyOf", "allOf"} {
		if several := s.at(n, choice); several != nil {
			var all []string
			for _, one := range several.Content {
				all = append(all, s.kind(one))
			}
			return strings.Join(all, map[string]string{"allOf": " and "}[choice]+map[bool]string{true: " or "}[choice != "allOf"])
		}
	}
	kind := s.text(n, "type")
	switch items, format := s.field(n, "items"), s.text(n, "format"); {
	case items != nil:
		kind = "list of " + s.kind(items)
	case s.at(n, "enum") != nil:
		kind = "one of " + s.text(n, "enum")
	case format != "":
		kind += ", " + format
	}
	if kind == "object" && s.field(n, "additionalProperties") != nil && s.at(n, "properties") == nil {
		if values := s.field(n, "additionalProperties"); values.Kind == yaml.MappingNode {
			kind = "object of " + s.kind(values)
		}
	}
	return kind
}

// field is a field of a node, without following what it refers to.
func (s spec) field(n *yaml.Node, key string) *yaml.Node {
	for _, f := range s.fields(n) {
		if f.key == key {
			return f.value
		}
	}
	return nil
}

// bounds are what values a schema allows.
func (s spec) bounds(n *yaml.Node) string {
	var all []string
	for _, b := range []struct{ key, says string }{
		{"minimum", "at least %s"},
		{"maximum", "at most %s"},
		{"minLength", "at least %s characters"},
		{"maxLength", "at most %s characters"},
		{"minItems", "at least %s"},
		{"maxItems", "at most %s"},
		{"pattern", "as `%s`"},
		{"default", "%s when left out"},
	} {
		if v := s.text(n, b.key); v != "" && reference(n) == "" {
			all = append(all, fmt.Sprintf(b.says, v))
		}
	}
	return strings.Join(all, ", ")
}

// table has a row for each property of a schema.
func (s spec) table(n *yaml.Node) string {
	required := strings.Split(s.text(n, "required"), ", ")
	var rows strings.Builder
	s.rows(&rows, "", n, required)
	if rows.Len() == 0 {
		return ""
	}
	return "| field | type | meaning |\n|---|---|---|\n" + rows.String() + "\n"
}

func (s spec) rows(to *strings.Builder, prefix string, n *yaml.Node, required []string) {
	for _, part := range s.sequence(s.at(n, "allOf")) {
		s.rows(to, prefix, part, append(required, strings.Split(s.text(part, "required"), ", ")...))
	}
	for _, p := range s.fields(s.at(n, "properties")) {
		means := []string{s.text(p.value, "description"), s.bounds(p.value)}
		if slices.Contains(required, p.key) {
			means = append([]string{"Always there."}, means...)
		}
		fmt.Fprintf(to, "| `%s%s` | %s | %s |\n", prefix, p.key, inLine(s.kind(p.value)), inLine(strings.Join(means, " ")))
		inner := p.value
		mark := "."
		if items := s.field(p.value, "items"); items != nil {
			inner, mark = items, "[]."
		}
		if reference(inner) == "" && s.at(inner, "properties") != nil {
			s.rows(to, prefix+p.key+mark, inner, strings.Split(s.text(inner, "required"), ", "))
		}
	}
}

func (s spec) sequence(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// content are the bodies of a request or an answer, those of one schema together.
func (s spec) content(n *yaml.Node) string {
	var out strings.Builder
	var told []string
	for _, body := range s.fields(s.at(n, "content")) {
		schema := s.field(body.value, "schema")
		same := s.kind(schema) + s.table(schema)
		if slices.Contains(told, same) {
			fmt.Fprintf(&out, "The same as `%s`.\n\n", body.key)
			continue
		}
		told = append(told, same)
		kind := s.kind(schema)
		if s.text(schema, "description") != "" && reference(schema) == "" {
			kind += ". " + inLine(s.text(schema, "description"))
		}
		fmt.Fprintf(&out, "`%s`: %s\n\n", body.key, kind)
		if reference(schema) == "" {
			out.WriteString(s.table(schema))
		}
	}
	return out.String()
}

// operation tells one call.
func (s spec) operation(method, path string, n, shared *yaml.Node) string {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s\n`%s %s`\n\n", strings.TrimSuffix(inLine(s.text(n, "summary")), "."), strings.ToUpper(method), path)
	if about := s.text(n, "description"); about != "" {
		out.WriteString(about + "\n\n")
	}
	parameters := append(s.sequence(shared), s.sequence(s.at(n, "parameters"))...)
	if len(parameters) > 0 {
		out.WriteString("| parameter | in | type | meaning |\n|---|---|---|---|\n")
		for _, p := range parameters {
			schema := s.field(p, "schema")
			fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", s.text(p, "name"), s.text(p, "in"), inLine(s.kind(schema)),
				inLine(s.text(p, "description")+" "+s.bounds(schema)))
		}
		out.WriteString("\n")
	}
	if body := s.at(n, "requestBody"); body != nil {
		out.WriteString("**Request.** ")
		if about := s.text(body, "description"); about != "" {
			out.WriteString(about + " ")
		}
		out.WriteString(s.content(body))
	}
	for _, answer := range s.fields(s.at(n, "responses")) {
		if answer.key == "default" || reference(answer.value) != "" && strings.HasPrefix(answer.key, "4") {
			fmt.Fprintf(&out, "**%s.** %s\n\n", strings.ToUpper(answer.key[:1])+answer.key[1:], inLine(s.text(answer.value, "description")))
			continue
		}
		fmt.Fprintf(&out, "**%s.** %s\n\n%s", answer.key, inLine(s.text(answer.value, "description")), s.content(answer.value))
	}
	return out.String()
}

// page tells the whole API.
func (s spec) page(of, title string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# Reference of the %s\nMade from [server/%s/openapi.yaml](../../server/%[2]s/openapi.yaml), which tests hold to the routes and to recorded answers.\n\n", title, of)
	out.WriteString(s.text(s.root, "info", "description") + "\n\n")
	for _, path := range s.fields(s.at(s.root, "paths")) {
		for _, op := range s.fields(path.value) {
			if op.key != "parameters" {
				out.WriteString(s.operation(op.key, path.key, op.value, s.at(path.value, "parameters")))
			}
		}
	}
	out.WriteString("# Types\n")
	for _, kind := range []string{"responses", "schemas"} {
		for _, c := range s.fields(s.at(s.root, "components", kind)) {
			fmt.Fprintf(&out, "## %s\n", c.key)
			if about := s.text(c.value, "description"); about != "" {
				out.WriteString(about + "\n\n")
			}
			if kind == "responses" {
				out.WriteString(s.content(c.value))
				continue
			}
			table := s.table(c.value)
			if table == "" {
				table = strings.TrimSpace(s.kind(c.value)+". "+s.bounds(c.value)) + "\n\n"
			}
			out.WriteString(table)
		}
	}
	return strings.TrimSpace(out.String()) + "\n"
}

// apis are those that the server speaks, by their folders.
var apis = map[string]string{
	"native": "native API", "uqudo": "uqudo dialect", "facenition": "Facenition dialect", "twoface": "2FACE dialect",
}

// The pages of reference tell what the descriptions do, each call and each type.
func TestReference(t *testing.T) {
	found, err := filepath.Glob("../server/*/openapi.yaml")
	require.NoError(t, err)
	require.Len(t, found, len(apis), "each API that is described")
	for _, path := range found {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var doc yaml.Node
		require.NoError(t, yaml.Unmarshal(text, &doc))
		of := filepath.Base(filepath.Dir(path))
		page := spec{doc.Content[0]}.page(of, apis[of])
		generated(t, filepath.Join("reference", of+".md"), page)
	}
}
