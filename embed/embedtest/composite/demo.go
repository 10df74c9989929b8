package composite

import (
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg" // the demo photos
	_ "image/png"  // one of the demo photos
	"os"
	"path/filepath"

	"oneton/face"
)

// demo is a face of a demo photo: its box as x, y, width and height, and its
// five landmarks. Both are means of what the detector finds in nine crops at
// which the face fills a third to a half of its frame.
type demo struct {
	photo, name string
	box         [4]float32
	landmarks   [10]float32
}

var demos = []demo{
	{"biden.jpg", "biden", [4]float32{431, 176, 276, 392}, [10]float32{527.4, 328.2, 653.5, 336.8, 595.3, 412.5, 521.4, 463.8, 629.0, 474.1}},
	{"obama.jpg", "obama", [4]float32{371, 88, 236, 331}, [10]float32{434.6, 212.0, 549.7, 210.8, 492.9, 271.2, 439.5, 321.2, 545.4, 321.7}},
	{"astronaut.png", "astronaut", [4]float32{179, 63, 91, 113}, [10]float32{204.1, 102.7, 246.4, 105.1, 223.3, 127.2, 203.0, 141.7, 241.8, 144.1}},
	{"sample3.jpg", "sample3-2", [4]float32{1067, 202, 233, 306}, [10]float32{1113.0, 323.4, 1214.8, 336.9, 1139.8, 391.1, 1110.0, 430.1, 1190.2, 443.4}},
	{"sample5.jpg", "sample5-1", [4]float32{363, 872, 205, 295}, [10]float32{426.0, 989.0, 517.8, 981.9, 483.6, 1038.6, 442.7, 1090.1, 521.7, 1083.5}},
	{"sample6.jpg", "sample6-3", [4]float32{1168, 312, 205, 270}, [10]float32{1235.1, 429.2, 1322.1, 432.3, 1282.6, 491.4, 1237.9, 522.4, 1307.3, 526.3}},
	{"obama3.jpg", "obama", [4]float32{644, 256, 265, 351}, [10]float32{736.3, 385.8, 855.9, 387.3, 806.4, 455.6, 739.0, 507.0, 845.6, 511.1}},
	{"sample6.jpg", "sample6-1", [4]float32{249, 493, 222, 271}, [10]float32{325.1, 606.1, 424.4, 599.7, 390.5, 661.7, 337.6, 700.0, 421.7, 695.7}},
	{"sample3.jpg", "sample3-1", [4]float32{591, 333, 200, 264}, [10]float32{631.4, 436.1, 720.6, 433.2, 667.3, 488.8, 643.4, 532.9, 717.5, 530.1}},
	{"sample5.jpg", "sample5-3", [4]float32{790, 111, 159, 218}, [10]float32{849.0, 193.6, 919.6, 203.4, 887.3, 243.2, 844.1, 269.6, 902.0, 279.1}},
	{"sample6.jpg", "sample6-4", [4]float32{1477, 265, 223, 296}, [10]float32{1525.8, 380.5, 1630.7, 394.6, 1557.7, 447.5, 1517.9, 484.1, 1605.0, 496.9}},
	{"sample2.jpg", "sample2-3", [4]float32{1439, 171, 206, 222}, [10]float32{1476.6, 280.0, 1555.9, 253.4, 1519.6, 323.1, 1517.2, 355.2, 1583.2, 333.5}},
	{"obama2.jpg", "obama", [4]float32{200, 236, 270, 390}, [10]float32{247.1, 368.5, 377.2, 380.0, 283.9, 450.3, 242.9, 511.0, 352.9, 521.9}},
	{"sample6.jpg", "sample6-2", [4]float32{670, 334, 187, 293}, [10]float32{702.7, 463.2, 784.7, 453.8, 736.6, 516.8, 722.8, 560.1, 793.9, 552.2}},
	{"sample5.jpg", "sample5-4", [4]float32{1113, 202, 175, 234}, [10]float32{1143.6, 288.3, 1216.7, 284.9, 1165.6, 329.2, 1153.6, 373.4, 1214.5, 371.1}},
	{"sample5.jpg", "sample5-5", [4]float32{1411, 396, 186, 276}, [10]float32{1441.0, 516.0, 1509.0, 502.4, 1463.0, 568.8, 1469.0, 612.6, 1527.2, 601.2}},
}

// faceless are parts of demo photos that show no face.
var faceless = []struct {
	photo string
	part  image.Rectangle
}{
	{"obama.jpg", image.Rect(0, 420, 910, 1137)},
	{"biden.jpg", image.Rect(0, 640, 970, 2204)},
	{"obama3.jpg", image.Rect(0, 700, 1300, 2333)},
	{"sample3.jpg", image.Rect(0, 700, 1920, 1350)},
	{"sample4.jpg", image.Rect(0, 520, 1920, 1448)},
	{"sample6.jpg", image.Rect(0, 860, 1920, 1537)},
	{"sample2.jpg", image.Rect(0, 560, 1920, 1367)},
	{"astronaut.png", image.Rect(280, 0, 512, 512)},
}

// Demo reads the heads of the demo photos that look into the camera, those
// of the most different photos first.
func Demo(folder string) ([]Head, error) {
	photos := map[string]*image.RGBA{}
	heads := make([]Head, len(demos))
	for i, d := range demos {
		photo, err := read(photos, folder, d.photo)
		if err != nil {
			return nil, err
		}
		var landmarks face.Landmarks
		for k := range landmarks {
			landmarks[k] = face.Point{X: d.landmarks[2*k], Y: d.landmarks[2*k+1]}
		}
		heads[i] = Cut(photo, d.name, face.Box{X: d.box[0], Y: d.box[1], Width: d.box[2], Height: d.box[3]}, landmarks)
	}
	return heads, nil
}

// Faceless reads parts of the demo photos that show no face.
func Faceless(folder string) ([]*image.RGBA, error) {
	photos := map[string]*image.RGBA{}
	parts := make([]*image.RGBA, len(faceless))
	for i, f := range faceless {
		photo, err := read(photos, folder, f.photo)
		if err != nil {
			return nil, err
		}
		parts[i] = Crop(photo, f.part, f.part.Dx(), f.part.Dy())
	}
	return parts, nil
}

// read reads a photo once.
func read(photos map[string]*image.RGBA, folder, name string) (*image.RGBA, error) {
	if photos[name] != nil {
		return photos[name], nil
	}
	m, err := Read(filepath.Join(folder, name))
	photos[name] = m
	return m, err
}

// Read reads a JPEG or PNG file that is upright.
func Read(path string) (*image.RGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read photo: %w", err)
	}
	defer f.Close()
	m, _, err := image.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", path, err)
	}
	out := image.NewRGBA(image.Rectangle{Max: m.Bounds().Size()})
	draw.Draw(out, out.Rect, m, m.Bounds().Min, draw.Src)
	return out, nil
}
