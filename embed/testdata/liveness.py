"""Makes liveness.json: what the liveness model must say of the faces that
golden.json has.

An implementation of its own on numpy, SciPy's interpolation and ONNX Runtime's
Python binding.

    python liveness.py MODELS PHOTOS

needs golden.py's packages and scipy.
"""

import json
import pathlib
import sys

import numpy as np
import onnxruntime
import scipy.ndimage

from golden import load

SIDE, CROP, SMALLEST = 128, 2.7, 60


def view(box, width, height):
    """The part of the photo that the model sees: the box, each side 2.7 times
    as long, moved into the photo; None when the photo is too small."""
    x, y, w, h = box
    new_w, new_h = w * CROP, h * CROP
    if new_w > width - 1 or new_h > height - 1:
        return None
    left = min(max(x + w / 2 - new_w / 2, 0), width - new_w)
    top = min(max(y + h / 2 - new_h / 2, 0), height - new_h)
    return left, top, new_w, new_h


def main(models, photos):
    here = pathlib.Path(__file__).parent
    net = onnxruntime.InferenceSession(f"{models}/fr_liveness.onnx", providers=["CPUExecutionProvider"])
    result = {}
    for name, photo in json.loads((here / "golden.json").read_text())["photos"].items():
        rgb = load(f"{photos}/{name}")[:, :, ::-1]
        height, width = rgb.shape[:2]
        scores = []
        for face in photo["faces"]:
            box = np.array(face["box"]) * np.tile(np.array(photo["size"]) / photo["shrunk"], 2)
            part = view(box, width, height)
            if min(box[2:]) < SMALLEST:
                scores.append("face_small")
            elif part is None:
                scores.append("cut_off")
            else:
                left, top, w, h = part
                centres = (np.arange(SIDE) + 0.5) / SIDE
                grid = np.meshgrid(top + centres * h - 0.5, left + centres * w - 0.5, indexing="ij")
                planes = [scipy.ndimage.map_coordinates(rgb[:, :, c], grid, order=1, mode="nearest") for c in range(3)]
                logits = net.run(None, {"input": np.stack(planes)[None].astype(np.float32)})[0][0].astype(np.float64)
                odds = np.exp(logits - logits.max())
                scores.append(round(float(odds[0] / odds.sum()), 6))
        result[name] = scores
        print(name, scores)
    (here / "liveness.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
