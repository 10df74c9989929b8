"""Makes aligner.json: where crops of the photos settle.

An implementation of its own on numpy, OpenCV's image functions and ONNX
Runtime's Python binding.

    python aligner.py ../pack/manifests/aligner.onnx PHOTOS

needs numpy, onnxruntime, opencv-python-headless and pillow, and golden.json.
"""

import json
import pathlib
import sys

import cv2
import numpy as np
import onnxruntime

from golden import ARCFACE, load

SIDE, WINDOW, CENTRE, STEPS, CROP = 64, 84.0, 55.5 + 67.5j, 4, 112
FACES = [("32bit.png", 0), ("obama.jpg", 0), ("biden.jpg", 0), ("sample3.jpg", 0), ("sample5.jpg", 1), ("sample6.jpg", 2)]
# By what crops are off: x + iy, the scale, and degrees clockwise.
OFF = [(0, 1, 0), (4 - 3j, 1.1, 10), (-5 + 5j, 0.85, -35), (2 + 4j, 1.2, 100), (-3 - 2j, 0.95, 180)]


# Similarities are pairs of complex numbers: z becomes a·z + b.

def after(m, n):
    return m[0] * n[0], m[0] * n[1] + m[1]


def inverse(m):
    return 1 / m[0], -m[1] / m[0]


def about_centre(a, shift):
    return a, CENTRE + shift - a * CENTRE


def align(landmarks):
    to = np.array(landmarks) @ (1, 1j)
    of = ARCFACE @ (1, 1j)
    a = np.vdot(of - of.mean(), to - to.mean()) / np.vdot(of - of.mean(), of - of.mean())
    return a, to.mean() - a * of.mean()


def source(bgr, crop):
    """The photo, or what is around the crop, shrunk to its size; and the scale
    and the corner, along each side, of the photo in it."""
    size, height, width = abs(crop[0]), *bgr.shape[:2]
    if size <= 1:
        return bgr, np.ones(2), np.zeros(2)
    middle = crop[0] * 55.5 * (1 + 1j) + crop[1]
    middle, reach = np.array([middle.real, middle.imag]), 1.75 * size * CROP / 2
    low = np.maximum((middle - reach).astype(int), 0)
    high = np.minimum((middle + reach).astype(int), (width, height))
    to = ((high - low) / size).astype(int)
    shrunk = cv2.resize(bgr[low[1]:high[1], low[0]:high[0]], tuple(map(int, to)), interpolation=cv2.INTER_AREA)
    scale = to / (high - low)
    return shrunk, scale, scale * (0.5 - low) - 0.5


def settle(net, bgr, crop):
    picture, scale, corner = source(bgr, crop)
    view = (WINDOW / SIDE, CENTRE - WINDOW / SIDE * (SIDE - 1) / 2 * (1 + 1j))
    least = 1
    for _ in range(STEPS):
        a, b = after(crop, view)
        to_photo = np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
        to_picture = scale[:, None] * to_photo + np.array([[0, 0, c] for c in corner])
        seen = cv2.warpAffine(picture, to_picture, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
        dx, dy, re, im, holds = net.run(None, {"crop": seen[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)})[0][0].astype(float)
        crop, least = after(crop, about_centre(re + 1j * im, dx + 1j * dy)), min(least, holds)
        if abs(dx + 1j * dy) < 1 and abs(re + 1j * im - 1) < 0.02:
            break
    return crop, least


def main(model, photos):
    net = onnxruntime.InferenceSession(model)
    golden = json.loads(pathlib.Path(__file__).with_name("golden.json").read_text())["photos"]
    crops = []
    for name, n in FACES:
        of = golden[name]
        landmarks = np.array(of["faces"][n]["landmarks"]).reshape(5, 2) * np.array(of["size"]) / np.array(of["shrunk"])
        bgr = load(str(pathlib.Path(photos) / name))
        for shift, scale, roll in OFF:
            start = after(align(landmarks), inverse(about_centre(scale * np.exp(1j * np.radians(roll)), shift)))
            crop, holds = settle(net, bgr, start)
            as_map = lambda m: [m[0].real, -m[0].imag, m[1].real, m[0].imag, m[0].real, m[1].imag]
            crops.append({"photo": name, "start": np.round(as_map(start), 6).tolist(), "settled": np.round(as_map(crop), 4).tolist(), "confidence": round(holds, 4)})
    pathlib.Path(__file__).with_name("aligner.json").write_text("[\n" + ",\n".join(map(json.dumps, crops)) + "\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
