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
UNITS, NETWORK_POWER = 3, 2
MOST = 0.9
SIDE, BLOCKS = 14, 7
LUMA = np.array([0.299, 0.587, 0.114])
QUALITY, DOUBT = [0.1, 0.3, 0.45, 0.8], [0.9, 0.6, 0.25, -0.15]

rng = np.random.default_rng(7)
matrix = rng.normal(size=(ROWS, COLUMNS)).astype(np.float32)
nuisance = (np.linalg.qr(rng.normal(size=(COLUMNS, 2)))[0].T / 2).astype(np.float32)
network = rng.normal(size=(UNITS, COLUMNS + 2)).astype(np.float32) * np.float32(0.4)
crop_network = (rng.normal(size=(UNITS, 5 * BLOCKS**2 + 2)) * 0.04).astype(np.float32)
# What an earlier version with a transform of its own kept, and the way back.
before = rng.normal(size=(ROWS, COLUMNS))
restore = np.c_[np.linalg.pinv(before), 0.2 * rng.normal(size=(COLUMNS, 2))].astype(np.float32)
faces = []


def view(crop):
    """Block by block: colours against the crop's, then roughness across and down."""
    blocks = [(slice(y, y + SIDE // BLOCKS), slice(x, x + SIDE // BLOCKS)) for y in range(0, SIDE, SIDE // BLOCKS) for x in range(0, SIDE, SIDE // BLOCKS)]
    colours = np.concatenate([crop[b].mean((0, 1)) for b in blocks])
    light = crop @ LUMA
    across, down = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    across[:, :-1], down[:-1] = np.abs(light[:, 1:] - light[:, :-1]), np.abs(light[1:] - light[:-1])
    rough = np.sqrt([d[b].mean() for d in (across, down) for b in blocks])
    return np.append((colours - colours.mean()) / max(4, colours.std()), rough / max(1, rough.mean()) - 1)


def seen(v):
    w = crop_network.astype(np.float64)
    return max(0, 1 - (np.maximum(w[:, :-2] @ v + w[:, -2], 0) * w[:, -1]).sum())**NETWORK_POWER


def counted(joined):
    nuisance_share = ((nuisance.astype(np.float64) @ joined)**2).sum()
    w = network.astype(np.float64)
    network_share = (np.maximum(w[:, :COLUMNS] @ joined + w[:, COLUMNS], 0) * w[:, COLUMNS + 1]).sum()
    return (1 - nuisance_share)**POWER * max(0, 1 - network_share)**NETWORK_POWER


def template(joined, score):
    doubt = np.interp(score, QUALITY, DOUBT)
    u = matrix.astype(np.float64) @ joined
    u /= np.linalg.norm(u)
    return doubt, u, np.append(np.sqrt(1 - doubt**2) * u, doubt)


def quality(length):
    return 1 / (1 + (CENTRE / length)**SLOPE)


for target in [0.001, 0.1, 0.2, 0.29, 0.299, 0.31, 0.5, 0.79, 0.85, 0.999]:
    joined = rng.normal(size=COLUMNS)
    joined = (joined / np.linalg.norm(joined)).astype(np.float32)
    joined64 = joined.astype(np.float64)
    # Of one crop nearly nothing is to be seen, and of one nothing.
    crop = rng.integers(0, 256, (SIDE, SIDE, 3)) // [1, 40, 256][max(0, len(faces) - 7)]
    v = view(crop)
    # A length that makes every part of the curve count.
    length = round(CENTRE * (target / (1 - target)) ** (1 / SLOPE) / counted(joined64) / seen(v), 3)
    score, unseen = quality(length * counted(joined64) * seen(v)), quality(length * counted(joined64))
    earlier = 1 / (1 + (EARLIER[0] / length)**EARLIER[1])
    doubt, u, whole = template(joined64, score)
    # The earlier version's template: its doubt, whatever it was, tells nothing.
    kept = before @ joined64
    kept = np.append(0.8 * kept / np.linalg.norm(kept), 0.6).astype(np.float32)
    turned = kept[:ROWS].astype(np.float64)
    back = restore.astype(np.float64) @ np.append(turned / np.linalg.norm(turned), [target, 1])
    back /= np.linalg.norm(back)
    share = ((nuisance.astype(np.float64) @ back)**2).sum()
    was = EARLIER[0] * (target / (1 - target)) ** (1 / EARLIER[1])
    restored_score = quality(was / (1 - share)**POWER * counted(back))
    faces.append({
        "joined": joined.tolist(), "length": length, "score": score, "unseen": unseen, "bounded": quality(length * min(MOST, counted(joined64) * seen(v))), "crop": crop.ravel().tolist(), "view": np.round(v, 7).tolist(), "earlier": earlier, "doubt": doubt, "u": u.tolist(),
        "comparable": bool(score >= FLOOR), "template": whole.tolist(),
        "kept": kept.tolist(), "kept_score": target, "restored_score": restored_score, "restored": template(back, restored_score)[2].tolist(),
    })
u, d = np.array([f["u"] for f in faces]), np.array([f["doubt"] for f in faces])
s = np.sqrt(1 - d**2)
cosines = np.outer(s, s) * (u @ u.T) - np.outer(d, d)
golden = {
    "matrix": matrix.tolist(), "nuisance": nuisance.tolist(), "network": network.tolist(), "crop": crop_network.tolist(), "restore": restore.tolist(), "floor": FLOOR, "curve": [{"quality": q, "doubt": d} for q, d in zip(QUALITY, DOUBT)],
    "faces": faces, "cosines": cosines.tolist(),
}
lines = json.dumps(golden, separators=(",", ":")).replace('{"joined"', '\n{"joined"').replace('"cosines"', '\n"cosines"')
(pathlib.Path(__file__).parent / "trust.json").write_text(lines + "\n")
