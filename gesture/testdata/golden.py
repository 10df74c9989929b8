"""Writes golden.json: what the models say of faces in two demo photos, by Python.

Needs numpy, opencv-python-headless and onnxruntime. Run it with the folders of the
photos and of the models:

    python golden.py ~/.cache/oneton/photos ~/.cache/oneton/models >golden.json
"""
import json
import sys

import cv2
import numpy as np
import onnxruntime

photos, models = sys.argv[1:]
FACES = [("astronaut.png", (168.5, 62.25, 110.0, 140.5)), ("32bit.png", (320.0, 140.0, 240.0, 310.0))]


def session(name):
    return onnxruntime.InferenceSession(f"{models}/{name}.onnx")


def bilinear(img, xs, ys):
    """Interpolates at positions, repeating the edge."""
    h, w = img.shape[:2]
    xs, ys = np.clip(xs, 0, w - 1), np.clip(ys, 0, h - 1)
    x, y = np.floor(xs).astype(int), np.floor(ys).astype(int)
    x1, y1 = np.minimum(x + 1, w - 1), np.minimum(y + 1, h - 1)
    fx, fy = (xs - x)[..., None], (ys - y)[..., None]
    top = img[y, x] * (1 - fx) + img[y, x1] * fx
    return top * (1 - fy) + (img[y1, x] * (1 - fx) + img[y1, x1] * fx) * fy


def show(img, cx, cy, size, side):
    """The square around a place, side by side pixels, shrunk by averaging areas."""
    k = size / side
    left, top = cx - k * (side - 1) / 2, cy - k * (side - 1) / 2
    at = np.arange(side) * k
    if k > 1:
        x0, y0 = max(0, int(np.floor(left - k))), max(0, int(np.floor(top - k)))
        x1 = min(img.shape[1], int(np.ceil(left + k * side)))
        y1 = min(img.shape[0], int(np.ceil(top + k * side)))
        w, h = int((x1 - x0) / k), int((y1 - y0) / k)
        sx, sy = w / (x1 - x0), h / (y1 - y0)
        img = cv2.resize(img[y0:y1, x0:x1], (w, h), interpolation=cv2.INTER_AREA)
        xs, ys = (left + at + 0.5 - x0) * sx - 0.5, (top + at + 0.5 - y0) * sy - 0.5
    else:
        xs, ys = left + at, top + at
    return bilinear(img, *np.meshgrid(xs, ys)), left, top, k


def grey(img, white):
    return (img @ np.array([0.299, 0.587, 0.114], np.float32) / white).astype(np.float32)[None, None]


def softmax(v):
    e = np.exp(v - v.max())
    return e / e.sum()


points, eye, expression = session("fr_landmark"), session("fr_eye"), session("fr_expression")
out = []
for name, (x, y, w, h) in FACES:
    img = cv2.imread(f"{photos}/{name}", cv2.IMREAD_UNCHANGED)
    if img.shape[2] == 4:
        alpha = img[..., 3:].astype(np.float32) / 255
        img = np.round(img[..., :3] * alpha + 255 * (1 - alpha))
    img = img[..., 2::-1].astype(np.float32)
    cx, cy, size = x + w / 2, y + h / 2, max(w, h)
    view, left, top, k = show(img, cx, cy, size, 64)
    p = points.run(None, {"input": grey(view, 256)})[0][0].reshape(68, 2) * 64 * k + [left, top]
    eyes = []
    for at in (36, 42):
        q = p[at:at + 6]
        c = (q[1] + q[2] + q[4] + q[5]) / 4
        view, *_ = show(img, c[0], c[1], 1.6 * np.hypot(*(q[3] - q[0])), 24)
        eyes.append(float(softmax(eye.run(None, {"input": grey(view, 255)})[0][0])[1]))
    view, *_ = show(img, cx, cy, size, 224)
    feelings = softmax(expression.run(None, {"input": (view / 255).astype(np.float32).transpose(2, 0, 1)[None]})[0][0])
    out.append({"photo": name, "box": {"x": x, "y": y, "width": w, "height": h},
                "points": [[round(float(v), 3) for v in q] for q in p],
                "open": [round(v, 6) for v in eyes], "happy": round(float(feelings[3]), 6)})
json.dump(out, sys.stdout, indent=1)
print()
