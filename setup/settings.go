package setup

import "oneton/setting"

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	return []setting.Setting{
		{Key: "onnxruntime", Value: &c.Library, Shown: "fetched", Means: "ONNX Runtime's library"},
		{Key: "models", Value: &c.Models, Shown: "fetched", Means: "folder of the model files"},
	}
}
