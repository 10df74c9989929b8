package docker_test

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"oneton/config"
)

var deployments = []string{"kubernetes/one.yaml", "kubernetes/replicas.yaml"}

// manifests are what a file has for Kubernetes, by kind.
func manifests(t *testing.T, path string) map[string]map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	all := make(map[string]map[string]any)
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var m map[string]any
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err, path)
		all[m["kind"].(string)] = m
	}
}

// at is what lies under the keys, which stand for the first of a list too.
func at(t *testing.T, v any, keys ...string) any {
	t.Helper()
	for _, k := range keys {
		if list, ok := v.([]any); ok {
			v = list[0]
		}
		m, ok := v.(map[string]any)
		require.True(t, ok, "%s of %v", k, v)
		v = m[k]
	}
	return v
}

// What Kubernetes is told has the same few rights, settings and time to stop as
// the compositions have.
func TestManifests(t *testing.T) {
	for _, path := range deployments {
		all := manifests(t, path)
		pod := at(t, all["Deployment"], "spec", "template", "spec")
		require.Equal(t, false, at(t, pod, "automountServiceAccountToken"))
		require.Equal(t, true, at(t, pod, "securityContext", "runAsNonRoot"))
		require.Equal(t, uint64(65532), at(t, pod, "securityContext", "runAsUser"))
		container := at(t, pod, "containers")
		require.Len(t, container, 1)
		require.Equal(t, map[string]any{
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
			"capabilities": map[string]any{"drop": []any{"ALL"}},
		}, at(t, container, "securityContext"))
		require.Regexp(t, pinned, at(t, container, "image"))

		var environ []string
		for _, e := range at(t, container, "env").([]any) {
			value, _ := at(t, e, "value").(string)
			if value == "" {
				value = "postgres://oneton@postgres/oneton"
			}
			environ = append(environ, at(t, e, "name").(string)+"="+value)
		}
		c, err := config.Load("", environ, nil)
		require.NoError(t, err, path)
		require.Less(t, c.Drain.Seconds(), float64(at(t, pod, "terminationGracePeriodSeconds").(uint64)), "a stop is not cut short")
		require.Equal(t, path == "kubernetes/replicas.yaml", c.Store.Driver == "postgres")
		require.Equal(t, c.Store.Driver == "postgres", at(t, all["Deployment"], "spec", "strategy", "type") == "RollingUpdate",
			"no two servers have one SQLite")

		selector := at(t, all["Deployment"], "spec", "selector", "matchLabels")
		require.Equal(t, selector, at(t, all["Deployment"], "spec", "template", "metadata", "labels"))
		require.Equal(t, selector, at(t, all["Service"], "spec", "selector"))
		require.Equal(t, selector, at(t, all["NetworkPolicy"], "spec", "podSelector", "matchLabels"))
	}
}

// The monitor asks the port of each Service that leads to the operator's address, and
// Prometheus may come there.
func TestMonitorFindsTheMetrics(t *testing.T) {
	monitor := manifests(t, "kubernetes/monitor.yaml")["ServiceMonitor"]
	endpoint := at(t, monitor, "spec", "endpoints")
	require.Len(t, endpoint, 1)
	require.Equal(t, "/metrics", at(t, endpoint, "path"))
	for _, path := range deployments {
		all := manifests(t, path)
		require.Equal(t, at(t, monitor, "spec", "selector", "matchLabels"), at(t, all["Service"], "metadata", "labels"))
		named := func(list any, name any) map[string]any {
			for _, e := range list.([]any) {
				if e := e.(map[string]any); e["name"] == name {
					return e
				}
			}
			require.Fail(t, "none has the name", "%s of %v", name, list)
			return nil
		}
		port := named(at(t, all["Service"], "spec", "ports"), at(t, endpoint, "port"))
		container := at(t, all["Deployment"], "spec", "template", "spec", "containers")
		target := named(at(t, container, "ports"), port["targetPort"])
		listen, err := netip.ParseAddrPort(named(at(t, container, "env"), "ONETON_ADMIN_LISTEN")["value"].(string))
		require.NoError(t, err)
		require.Equal(t, uint64(listen.Port()), target["containerPort"])

		open := map[any]any{}
		for _, rule := range at(t, all["NetworkPolicy"], "spec", "ingress").([]any) {
			open[at(t, rule, "ports", "port")] = at(t, rule, "from", "podSelector", "matchLabels")
		}
		require.Equal(t, map[any]any{
			"http":         map[string]any{"oneton-client": "true"},
			target["name"]: map[string]any{"app.kubernetes.io/name": "prometheus"},
		}, open)
	}
}

// monitorCheck is a program that says whether a file is a ServiceMonitor of the
// Prometheus Operator. What it imports, tools/monitor pins.
const monitorCheck = `package main

import (
	"log"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var m monitoring.ServiceMonitor
	if err := yaml.UnmarshalStrict(text, &m); err != nil {
		log.Fatal(err)
	}
	if m.APIVersion != monitoring.SchemeGroupVersion.String() || m.Kind != monitoring.ServiceMonitorsKind {
		log.Fatal(m.APIVersion, " ", m.Kind, " is no ", monitoring.ServiceMonitorsKind)
	}
}
`

// The monitor has the fields of the Prometheus Operator's, and no others.
func TestMonitorFitsItsSchema(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", "tools", "monitor", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(monitorCheck), 0o600))
	check := func(path string) ([]byte, error) {
		return exec.CommandContext(t.Context(), "go", "run", "-C", folder, ".", path).CombinedOutput()
	}
	path, err := filepath.Abs("kubernetes/monitor.yaml")
	require.NoError(t, err)
	out, err := check(path)
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	wrong := filepath.Join(t.TempDir(), "monitor.yaml")
	require.NoError(t, os.WriteFile(wrong, bytes.Replace(text, []byte("scrapeTimeout"), []byte("scrapeTime"), 1), 0o600))
	out, err = check(wrong)
	require.Error(t, err)
	require.Contains(t, string(out), `unknown field "scrapeTime"`)
}

// Each manifest is one that Kubernetes' published schemas have, and nothing else.
func TestManifestsFitTheirSchemas(t *testing.T) {
	const validator = "kubernetes-validate"
	if _, err := exec.LookPath(validator); err != nil {
		t.Skip("kubernetes-validate: not on the path; pip install kubernetes-validate==1.37.0")
	}
	out, err := exec.CommandContext(t.Context(), validator, append([]string{"--strict"}, deployments...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}
