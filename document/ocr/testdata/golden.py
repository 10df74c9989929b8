"""Makes page.png, turned.png, strip.png and golden.json: what must be found and
read on two pages.

An implementation of its own on numpy, OpenCV's image functions, ONNX Runtime's
Python binding, and RapidOCR's port of PaddleOCR's post-processing.

    python golden.py MODELS

needs numpy, onnxruntime, opencv-python-headless, pillow, rapidocr-onnxruntime and
the fonts of DejaVu.
"""

import json
import pathlib
import sys

import cv2
import numpy as np
import onnxruntime
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
from rapidocr_onnxruntime.ch_ppocr_det.utils import DBPostProcess

FRAME, STRIDE = 960, 32
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
FONTS = "/usr/share/fonts/truetype/dejavu/"
LINES = [
    ("DejaVuSans-Bold.ttf", 44, (60, 50), "JUNTA CENTRAL ELECTORAL"),
    ("DejaVuSans.ttf", 30, (60, 140), "Fecha de nacimiento: 16 abril 1984"),
    ("DejaVuSansMono.ttf", 40, (60, 230), "I<UTOD231458907<<<<<<<<"),
    ("DejaVuSerif.ttf", 34, (60, 330), "001-1234567-3"),
    ("DejaVuSans.ttf", 22, (60, 420), "Lugar de expedición"),
]


def page(degrees):
    image = PIL.Image.new("RGB", (1100, 520), (236, 232, 220))
    draw = PIL.ImageDraw.Draw(image)
    for font, size, at, text in LINES:
        draw.text(at, text, (30, 30, 60), PIL.ImageFont.truetype(FONTS + font, size))
    image = image.rotate(degrees, PIL.Image.BICUBIC, expand=True, fillcolor=(120, 110, 100))
    return cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR)


def run(model, x):
    return model.run(None, {model.get_inputs()[0].name: x.astype(np.float32)})[0]


def tensor(image, mean, deviation):
    return ((image.astype(np.float64) / 255 - mean) / deviation).transpose(2, 0, 1)[None]


def find(detector, bgr):
    height, width = bgr.shape[:2]
    scale = min(1, FRAME / max(height, width))
    w, h = round(scale * width), round(scale * height)
    x = tensor(cv2.resize(bgr.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA), MEAN, DEVIATION)
    x = np.pad(x, ((0, 0), (0, 0), (0, -h % STRIDE), (0, -w % STRIDE)))
    boxes, scores = DBPostProcess(thresh=0.3, box_thresh=0.6, unclip_ratio=1.5)(
        run(detector, x), (x.shape[2] * height / h, x.shape[3] * width / w))
    return boxes, scores


def cut(bgr, box):
    box = box.astype(np.float32)
    width = max(np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[2] - box[3]))
    height = max(np.linalg.norm(box[0] - box[3]), np.linalg.norm(box[1] - box[2]))
    to = np.float32([(0, 0), (width, 0), (width, height), (0, height)])
    strip = cv2.warpPerspective(bgr, cv2.getPerspectiveTransform(box, to), (int(width), int(height)),
                                flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(strip, (int(np.ceil(48 * width / height)), 48))


def read(recogniser, keys, strip):
    x = tensor(strip, 0.5, 0.5)
    p = run(recogniser, np.pad(x, ((0, 0), (0, 0), (0, 0), (0, max(0, 320 - x.shape[3])))))[0]
    best = p.argmax(1)
    text = "".join(keys[c] for i, c in enumerate(best) if c and (i == 0 or c != best[i - 1]))
    return text, p


def standing(classifier, strip):
    return run(classifier, tensor(cv2.resize(strip, (160, 80)), MEAN, DEVIATION))[0]


def main(models):
    here = pathlib.Path(__file__).parent
    det, cls, rec = (onnxruntime.InferenceSession(f"{models}/ppocrv5_{m}.onnx") for m in ("det", "cls", "rec"))
    keys = (pathlib.Path(models) / "ppocr_keys_v5.txt").read_text("utf8").split("\n")[:-1]
    golden = {"pages": {}}
    for name, degrees in (("page.png", 0), ("turned.png", -7)):
        bgr = page(degrees)
        cv2.imwrite(str(here / name), bgr)
        regions = []
        for box, score in zip(*find(det, bgr)):
            strip = cut(bgr, box)
            text, p = read(rec, keys, strip)
            up, down = standing(cls, strip), standing(cls, strip[::-1, ::-1])
            assert up[0] > 0.5 > down[0], (text, up, down)
            regions.append({"box": box.tolist(), "score": score, "text": text, "confidence": float(
                np.mean([p[i, c] for i, c in enumerate(p.argmax(1)) if c and (i == 0 or c != p[i - 1].argmax())]))})
            if text == LINES[3][3] and not degrees:
                cv2.imwrite(str(here / "strip.png"), strip)
                golden["strip"] = {
                    "text": text, "upright": float(up[0]), "classes": p.argmax(1).tolist(),
                    "probabilities": p.max(1).astype(float).round(6).tolist(),
                }
        print(name, [r["text"] for r in regions])
        golden["pages"][name] = regions
    (here / "golden.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")


main(sys.argv[1])
