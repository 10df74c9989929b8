"""Makes enhance.json: what of aligned crops the recognisers are shown, some values of
them, by the functions that trust.py trains with (numpy and OpenCV).

    python enhance.py
"""

import json
import pathlib
import sys

import cv2
import numpy as np

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "pack" / "manifests"))
from enhance import contrast, enhanced, noise  # noqa: E402

N = np.arange(3 * 112 * 112).reshape(112, 112, 3).astype("i8")
RIPPLE = N * N * 31 % 97 - 48
WAYS = {
    "as it is": lambda x: x,
    "dark": lambda x: x * 4 // 100,
    "faint": lambda x: x // 12 + np.array([140, 120, 90]),
    "in red light": lambda x: x * np.array([100, 6, 6]) // 100,
    "noisy": lambda x: np.clip(x + RIPPLE, 0, 255),
    "slightly noisy": lambda x: np.clip(x + RIPPLE // 3, 0, 255),
    "dark and noisy": lambda x: np.clip(x * 8 // 100 + RIPPLE // 12, 0, 255),
    "black": lambda x: x * 0,
}
crop = cv2.imread(str(HERE / "crops" / "obama.jpg.png"))[:, :, ::-1].astype("i8")
out = {}
for name, way in WAYS.items():
    x = way(crop)
    shown = enhanced(x).reshape(-1)
    out[name] = {"contrast": contrast(x.astype("f8")), "noise": noise(x.astype("f8")),
                 "shown": [round(float(v), 4) for v in shown[::379]]}
(HERE / "enhance.json").write_text(json.dumps(out, indent=1) + "\n")
