// Reads manifests of manifests/observability with the models of those who read them in a cluster:
// Grafana's of a dashboard, the Prometheus Operator's of its kinds. Unknown and missing fields are
// errors. Prints one line per error.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"sigs.k8s.io/yaml"
)

func readDashboard(data []byte) error {
	plugins.RegisterDefaultPlugins()
	var read dashboard.Dashboard
	// Without errors it returns an empty list of them, which is not a nil error.
	var found cog.BuildErrors
	if err := read.UnmarshalJSONStrict(data); err != nil && (!errors.As(err, &found) || len(found) > 0) {
		return err
	}
	return read.Validate()
}

func strictly(into any) func([]byte) error {
	return func(data []byte) error { return yaml.UnmarshalStrict(data, into) }
}

func main() {
	readers := map[string]func([]byte) error{
		"modelward.json":      readDashboard,
		"podmonitor.yaml":     strictly(&monitoring.PodMonitor{}),
		"prometheusrule.yaml": strictly(&monitoring.PrometheusRule{}),
	}
	failed := false
	for name, read := range readers {
		data, err := os.ReadFile(filepath.Join(os.Args[1], name))
		if err == nil {
			err = read(data)
		}
		if err != nil {
			fmt.Printf("%s: %v\n", name, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}
