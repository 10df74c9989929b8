package decode_test

import (
	"encoding/json"
	"testing"

	"oneton/server/decode"
)

// BenchmarkJSON decodes a photo of a megabyte in JSON, beside encoding/json
// doing the same without any strictness.
func BenchmarkJSON(b *testing.B) {
	body, err := json.Marshal(map[string]any{"photo": make([]byte, 1<<20), "k": 5})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("decoder=oneton", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			var r request
			if err := decode.JSON("application/json", body, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decoder=encoding_json", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			var r struct {
				Photo []byte
				K     *int
			}
			if err := json.Unmarshal(body, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
