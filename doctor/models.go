package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"oneton/embed/pack"
	"oneton/node"
	"oneton/onnx"
	"oneton/setup"
)

func lookAtLibrary(_ context.Context, p *patient) (string, error) {
	paths, err := setup.Find(p.cfg.Setup, setup.Runtime)
	if err != nil {
		return "", err
	}
	library, err := onnx.Open(onnx.Config{Library: paths.Library})
	if err != nil {
		return "", err
	}
	says := fmt.Sprintf("ONNX Runtime %s in %s", library.Version(), paths.Library)
	return says, library.Close()
}

func lookAtModels(_ context.Context, p *patient) (string, error) {
	paths, err := setup.Find(p.cfg.Setup, append([]setup.Group{setup.Runtime}, node.ModelGroups(p.cfg)...)...)
	if missing, ok := errors.AsType[*setup.FileError](err); ok && missing.Group == setup.Runtime {
		return "", skipped("the library comes first")
	}
	if err != nil {
		return "", err
	}
	var names []string
	for _, name := range p.cfg.Packs {
		loaded, err := pack.Open(name, paths.Models)
		if err != nil {
			return "", err
		}
		names = append(names, fmt.Sprintf("%s@%s", loaded.Name, loaded.Version))
	}
	return strings.Join(names, ", ") + " are whole", nil
}
