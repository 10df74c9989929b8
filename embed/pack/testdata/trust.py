"""Makes trust.json: templates and comparisons of a made-up pack, by numpy in
float64 from the definition alone.

    python trust.py

needs numpy.
"""

import json
import pathlib

import numpy as np

ROWS, COLUMNS = 6, 8
FLOOR = 0.3
CENTRE, SLOPE, POWER, EARLIER = 9, 10, 4, (8, 3)
QUALITY, DOUBT = [0.1, 0.3, 0.45, 0.8], [0.9, 0.6, 0.25, -0.15]

rng = np.random.default_rng(7)
matrix = rng.normal(size=(ROWS, COLUMNS)).astype(np.float32)
nuisance = (np.linalg.qr(rng.normal(size=(COLUMNS, 2)))[0].T / 2).astype(np.float32)
faces = []
for target in [0.001, 0.1, 0.2, 0.29, 0.299, 0.31, 0.5, 0.79, 0.85, 0.999]:
    joined = rng.normal(size=COLUMNS)
    joined = (joined / np.linalg.norm(joined)).astype(np.float32)
    share = ((nuisance.astype(np.float64) @ joined.astype(np.float64))**2).sum()
    # A length that makes every part of the curve count.
    length = round(CENTRE * (target / (1 - target)) ** (1 / SLOPE) / (1 - share)**POWER, 3)
    score = 1 / (1 + (CENTRE / (length * (1 - share)**POWER))**SLOPE)
    earlier = 1 / (1 + (EARLIER[0] / length)**EARLIER[1])
    doubt = np.interp(score, QUALITY, DOUBT)
    u = matrix.astype(np.float64) @ joined.astype(np.float64)
    u /= np.linalg.norm(u)
    faces.append({
        "joined": joined.tolist(), "length": length, "score": score, "earlier": earlier, "doubt": doubt, "u": u.tolist(),
        "comparable": bool(score >= FLOOR), "template": np.append(np.sqrt(1 - doubt**2) * u, doubt).tolist(),
    })
u, d = np.array([f["u"] for f in faces]), np.array([f["doubt"] for f in faces])
s = np.sqrt(1 - d**2)
cosines = np.outer(s, s) * (u @ u.T) - np.outer(d, d)
golden = {
    "matrix": matrix.tolist(), "nuisance": nuisance.tolist(), "floor": FLOOR, "curve": [{"quality": q, "doubt": d} for q, d in zip(QUALITY, DOUBT)],
    "faces": faces, "cosines": cosines.tolist(),
}
lines = json.dumps(golden, separators=(",", ":")).replace('{"joined"', '\n{"joined"').replace('"cosines"', '\n"cosines"')
(pathlib.Path(__file__).parent / "trust.json").write_text(lines + "\n")
