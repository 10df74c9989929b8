// Package pack describes model packs: which files make a detector and the
// recognisers of a template, and how pictures are prepared for them. A pack is
// a manifest and its files; nothing of it is code.
package pack

import (
	"oneton/calibration"
	"oneton/face"
)

// Manifest is what a pack's YAML file says.
type Manifest struct {
	// Name is what galleries call the pack: lower-case letters, digits, '-'
	// and '.'. Templates compare only within one name and version.
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	// Licence and Upstream say under which terms the models come, and from
	// where.
	Licence  string `yaml:"licence"`
	Upstream string `yaml:"upstream"`
	// Files lists every file of the pack.
	Files []File `yaml:"files"`

	Detector Detector `yaml:"detector"`
	// Aligner, when set, corrects where the detector's landmarks put the crop of a
	// face, and rejects what is no face.
	Aligner *Aligner `yaml:"aligner"`
	// Enhancement, when set, brings out what crops hold that show little of it, before
	// the recognisers and Quality's Crop see them.
	Enhancement *Enhancement `yaml:"enhancement"`
	Recognisers []Recogniser `yaml:"recognisers"`
	// Flip averages each face with its mirror image.
	Flip bool `yaml:"flip"`
	// Quality, when set, turns the length of the first recogniser's vector
	// into a quality score.
	Quality *Quality `yaml:"quality"`

	// Transform, when set, maps the recognisers' joined vectors, before the
	// template is made of them: it takes out what varies with the photo and not
	// with the person.
	Transform *Projection `yaml:"transform"`
	// Trust, when set, makes comparisons follow the quality score of both
	// photos. It needs Quality, and adds a dimension to the template.
	Trust *calibration.Trust `yaml:"trust"`
	// Converts lists versions of the pack whose templates can be made into this
	// one's.
	Converts []Earlier `yaml:"converts"`

	// Liveness, when set, judges whether a face is of a person before the
	// camera.
	Liveness *Liveness `yaml:"liveness"`

	Calibration calibration.Table `yaml:"calibration"`
}

// File is one file of the pack, in the pack's own folder.
type File struct {
	Name   string `yaml:"name"`
	SHA256 string `yaml:"sha256"`
}

// Input says how a model takes a picture: value (v-Mean)·Scale of each colour
// in [0, 255], as one 1×3×H×W tensor.
type Input struct {
	// Colour is the order of the planes: rgb or bgr.
	Colour Colour  `yaml:"colour"`
	Mean   float32 `yaml:"mean"`
	Scale  float32 `yaml:"scale"`
}

// Liveness describes a classifier of faces into real ones and kinds of
// imitations. Its file is not one of Files: a pack loads without it, and then
// judges nothing.
type Liveness struct {
	Model File  `yaml:"model"`
	Input Input `yaml:"input"`
	// Side is that of the model's square input in pixels. It shows the face's
	// box with each side multiplied by Crop, moved into the photo.
	Side int     `yaml:"side"`
	Crop float64 `yaml:"crop"`
	// Classes is how many values the model gives, whose softmax are
	// probabilities, and Live the one, from 0, of a real face.
	Classes int `yaml:"classes"`
	Live    int `yaml:"live"`
	// A face is real from a probability of Real on, and a spoof below Spoof;
	// between them it is unknown.
	Real  float64 `yaml:"real"`
	Spoof float64 `yaml:"spoof"`
	// MinFace is the least width and height of a face's box, in pixels, that
	// is judged.
	MinFace int `yaml:"min_face"`
}

// Colour is an order of colour planes.
type Colour string

// The two orders.
const (
	RGB Colour = "rgb"
	BGR Colour = "bgr"
)

// Decoder names the layout of a detector's outputs.
type Decoder string

// The two layouts.
const (
	// YuNet has outputs cls_S, obj_S, bbox_S and kps_S for each stride S.
	YuNet Decoder = "yunet"
	// SCRFD has, for each stride, scores, then boxes for each stride, then
	// points for each stride, in this order.
	SCRFD Decoder = "scrfd"
)

// Detector describes the model that finds faces and five landmarks.
type Detector struct {
	File    string  `yaml:"file"`
	Decoder Decoder `yaml:"decoder"`
	Input   Input   `yaml:"input"`
	// Frame is the longest side of the picture that the model sees, a
	// multiple of the largest stride; larger photos are shrunk to it.
	Frame int `yaml:"frame"`
	// AnySize says that the model is fully convolutional, so that it may see
	// less than Frame×Frame.
	AnySize bool  `yaml:"any_size"`
	Strides []int `yaml:"strides"`
	// Anchors is how many boxes each cell proposes.
	Anchors int `yaml:"anchors"`
	// Score is the least confidence of a face, and NMS the intersection over
	// union from which two boxes are one face.
	Score float32 `yaml:"score"`
	NMS   float32 `yaml:"nms"`
}

// Aligner describes a model that sees a part of an aligned crop, and nothing
// around it, and tells how the crop must be moved, turned and scaled to lie on the
// face as the recognisers expect. It gives five values: dx, dy, a, b and q. What
// should lie at the point p of the crop lies at c + (dx, dy) + [[a, -b],
// [b, a]]·(p - c) of the one seen, and q is the confidence, in [0, 1], that this is
// so.
type Aligner struct {
	File  string `yaml:"file"`
	Input Input  `yaml:"input"`
	// Side is that of the model's square input, in pixels. It shows a square of
	// Window pixels of the crop around Centre, which is c.
	Side   int        `yaml:"side"`
	Window float64    `yaml:"window"`
	Centre face.Point `yaml:"centre"`
	// Steps is how often a crop is looked at, at most, until it stands still.
	Steps int `yaml:"steps"`
	// Score is the least confidence of a face, in every look. A face of which the
	// model is less sure stays as the detector found it, from a confidence of the
	// detector's of Sure on, and is none below it.
	Score float32 `yaml:"score"`
	Sure  float32 `yaml:"sure"`
	// Doubtful is the least confidence of the detector, at most its score, at which
	// the model is asked about what the detector found.
	Doubtful float32 `yaml:"doubtful"`
}

// Enhancement says which aligned crops are enhanced.
type Enhancement struct {
	// Contrast, in grey levels, is what a crop has at least: where each colour deviates
	// by less, they are stretched by one factor until one deviates by so much.
	Contrast float64 `yaml:"contrast"`
	// Balance is the share of the crop's contrast that each colour has at least: one with
	// less is stretched on its own. 0 leaves them.
	Balance float64 `yaml:"balance"`
	// Noise is how much noise a crop may have, as a share of its contrast; one with
	// twice as much or more is blurred by a binomial kernel of 7 pixels, and one between
	// them in part.
	Noise float64 `yaml:"noise"`
}

// Alignment names the template onto which landmarks are brought.
type Alignment string

// ArcFace112 is ArcFace's template for crops of 112×112 pixels.
const ArcFace112 Alignment = "arcface-112"

// Recogniser describes a model that turns an aligned crop into a vector.
type Recogniser struct {
	File      string    `yaml:"file"`
	Alignment Alignment `yaml:"alignment"`
	Input     Input     `yaml:"input"`
	// Dimension is the length of the model's only output.
	Dimension int `yaml:"dimension"`
	// Weight is the recogniser's share of the cosine. The weights of a pack
	// sum to 1, so that the template, which joins each unit vector times the
	// square root of its weight, has length one.
	Weight float64 `yaml:"weight"`
	// Projection, when set, maps the vector before it is normalised.
	Projection *Projection `yaml:"projection"`
}

// Projection is a linear map to as many dimensions or fewer.
type Projection struct {
	// File holds Dimension rows, each as long as the vector that is mapped;
	// see Pack.Matrix.
	File      string `yaml:"file"`
	Dimension int    `yaml:"dimension"`
}

// TemplateDimension is the recogniser's part of the template's length.
func (r Recogniser) TemplateDimension() int {
	if r.Projection != nil {
		return r.Projection.Dimension
	}
	return r.Dimension
}

// TemplateDimension is the length of the pack's templates.
func (m *Manifest) TemplateDimension() int {
	n := m.joinedDimension()
	if m.Transform != nil {
		n = m.Transform.Dimension
	}
	if m.Trust != nil {
		n++
	}
	return n
}

// joinedDimension is the length of the recognisers' vectors together.
func (m *Manifest) joinedDimension() int {
	n := 0
	for _, r := range m.Recognisers {
		n += r.TemplateDimension()
	}
	return n
}
