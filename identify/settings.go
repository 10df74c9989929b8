package identify

import (
	"oneton/setting"
	"oneton/store"
)

// DefaultPolicy is a new gallery's where neither its owner nor an operator says.
func DefaultPolicy() store.Policy {
	return store.Policy{FPIR: 0.01, Quality: store.GateReport, Liveness: store.GateOff, Detail: store.DetailFast}
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	p, gate := &c.DefaultPolicy, func(mode string) bool {
		return mode == store.GateOff || mode == store.GateReport || mode == store.GateEnforce
	}
	return []setting.Setting{
		{
			Key: "policy.fpir", Value: &p.FPIR, Means: "wanted false-positive identification rate of new galleries (ISO/IEC 19795-1)",
			Want: "between 0 and 1", OK: p.FPIR > 0 && p.FPIR < 1,
		},
		{
			Key: "policy.quality", Value: &p.Quality, Means: "quality gate of new galleries: `off`, `report`, `enforce`",
			Want: "off, report or enforce", OK: gate(p.Quality),
		},
		{
			Key: "policy.liveness", Value: &p.Liveness, Means: "[liveness check](docs/liveness.md) of new galleries: `off`, `report`, `enforce`",
			Want: "off, report or enforce", OK: gate(p.Liveness),
		},
		{
			Key: "policy.detail", Value: &p.Detail,
			Means: "how closely new galleries look at photos: `fast`, or `full` for [small faces](docs/api.md#small-faces), at up to 33 looks of the detector instead of one",
			Want:  "fast or full", OK: p.Detail == store.DetailFast || p.Detail == store.DetailFull,
		},
		{Key: "policy.keep_photos", Value: &p.KeepPhotos, Means: "whether new galleries keep enrolled photos"},
		{
			Key: "policy.retention", Value: &p.Retention, Means: "how long new galleries keep a face; 0 is for ever",
			Want: "0 or more", OK: p.Retention >= 0,
		},
	}
}
