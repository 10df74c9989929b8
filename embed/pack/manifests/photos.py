"""The people, photos and vectors that trust.py learns from."""

import hashlib
import multiprocessing
import pathlib

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from alike import EACH, KINDS, STYLES, alike
from enhance import enhanced
from spoil import BADLY, COVERED, MILDLY, badly, covered, mildly

SAME = pathlib.Path(__file__).parents[3] / "bench" / "lfw-same.txt"


# Recognisers, with the repairs that package onnx makes.

def session(path):
    model = onnx.load(str(path))
    g = model.graph
    weights = {i.name: i for i in g.initializer}
    made = set(weights) | {o for n in g.node for o in n.output}
    read = {i for n in g.node for i in n.input}
    inputs = [i for i in g.input if i.name not in made and i.name in read]
    del g.input[:]
    g.input.extend(inputs)
    nodes = []
    for n in g.node:
        slope = weights.get(n.input[1]) if n.op_type == "PRelu" else None
        a = None if slope is None else numpy_helper.to_array(slope).reshape(-1)
        if a is None or a.dtype != np.float32 or a.size < 2:
            nodes.append(n)
            continue
        x, y = n.input[0], n.output[0]
        for name, w in (("_slope", a), ("_rest", 1 - a)):
            g.initializer.append(numpy_helper.from_array(w.astype("f4").reshape(-1, 1, 1, 1), y + name))
        nodes += [
            helper.make_node("Relu", [x], [y + "_positive"]),
            helper.make_node("Conv", [y + "_positive", y + "_rest"], [y + "_bent"], group=a.size, kernel_shape=[1, 1]),
            helper.make_node("Conv", [x, y + "_slope"], [y + "_straight"], group=a.size, kernel_shape=[1, 1]),
            helper.make_node("Add", [y + "_straight", y + "_bent"], [y]),
        ]
    del g.node[:]
    g.node.extend(nodes)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def recogniser(file, mean, scale, rows=None):
    s = session(file)
    name = s.get_inputs()[0].name

    def vector(rgb):
        v = s.run(None, {name: ((rgb.transpose(2, 0, 1)[None].astype("f4") - mean) * np.float32(scale))})[0].reshape(-1)
        return v if rows is None else rows @ v
    return vector


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12)


BLOCKS, FLAT, SMOOTH = 7, 4.0, 1.0


def views(crops):
    """What is seen of crops but their light and contrast (package pack has the same):
    colours of blocks, and how rough they are across and down."""
    n, x = len(crops), crops.astype("f8")
    light = x @ np.array([0.299, 0.587, 0.114])

    def of_blocks(v):
        side = v.shape[1] // BLOCKS
        return v.reshape(n, BLOCKS, side, BLOCKS, side, -1).mean((2, 4)).reshape(n, -1)
    colours = of_blocks(x)
    colours -= colours.mean(1, keepdims=True)
    colours /= np.maximum(colours.std(1, keepdims=True), FLAT)
    rough = [of_blocks(np.abs(np.diff(light, axis=a, append=light.take([-1], a)))) for a in (2, 1)]
    rough = np.sqrt(np.concatenate(rough, 1))
    return np.c_[colours, rough / np.maximum(rough.mean(1, keepdims=True), SMOOTH) - 1].astype("f4")


# The set: photos as they are, and spoiled.

def number(name):
    """A seed that follows from a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])


PARTS = 5
TRAIN, VALIDATE, TEST = (0, 1), (2,), (3, 4)


def part(name):
    """The part that a person is in: of the five, two are trained on, one says how
    much doubt is needed, and two are kept out of everything but the calibration
    table, for tests (bench has the same rule)."""
    return hashlib.sha256(("part " + name).encode()).digest()[0] % PARTS


class Set:
    """The people of some parts: their photos, and of so many people's photos
    spoiled, eight badly, five covered and four mildly, and one in a style of
    each kind, other styles in each set. The models see the crops enhanced, as the
    service shows them, but those trained on: of them the transform and the networks
    learn more of what makes a photo poor."""

    def __init__(self, name, crops, parts, spoiled, styled):
        self.name = name
        files = sorted(pathlib.Path(crops).glob("*/*.jpg"))
        same = {}
        for line in SAME.read_text().splitlines():
            if line and not line.startswith("#"):
                a, b = sorted(line.split())
                same[b] = same.get(a, a)
        photos = {}
        for f in files:
            name = same.get(f.parent.name, f.parent.name)
            if part(name) in parts:
                photos.setdefault(name, []).append(f)
        names = sorted(photos, key=lambda n: hashlib.sha256(("order " + n).encode()).digest())
        several = [n for n in names if len(photos[n]) > 1]
        single = [n for n in names if len(photos[n]) == 1]
        jobs = [(f, n, "", k) for n in names for k, f in enumerate(photos[n])]
        chosen = [n for pair in zip(several, single) for n in pair]
        for i, n in enumerate(chosen[:spoiled]):
            of = photos[n]
            ways = [f"badly {k}" for k in BADLY]
            ways += [f"covered {COVERED[(i + j) % len(COVERED)]}" for j in range(5)]
            ways += [f"mildly {MILDLY[(2 * j + i % 2) % len(MILDLY)]}" for j in range(4)]
            jobs += [(of[j % len(of)], n, way, j) for j, way in enumerate(ways)]
        for i, n in enumerate(chosen[:styled]):
            of = photos[n]
            ways = [f"alike {k} {(i + j) % STYLES + STYLES * (i // EACH)}" for j, k in enumerate(KINDS)]
            jobs += [(of[j % len(of)], n, way, j) for j, way in enumerate(ways, len(BADLY) + 9)]
        place = {n: i for i, n in enumerate(names)}
        self.file = [f for f, *_ in jobs]
        self.person = np.array([place[n] for _, n, *_ in jobs])
        self.way = np.array([way for _, _, way, _ in jobs])
        # How a photo is spoiled follows from the person's name and the way's
        # place, and so not from which others are in the set.
        self.seed = [number(f"{n} {j}") for _, n, _, j in jobs]

    def crop(self, job):
        im = np.ascontiguousarray(cv2.imread(str(self.file[job]))[:, :, ::-1])
        if not self.way[job]:
            return im, "", 0.0
        how, kind, *style = self.way[job].split()
        rng = np.random.default_rng(self.seed[job])
        if style:
            style = np.random.default_rng(number(f"{self.name} {kind} {style[0]}"))
            return alike(im, rng, kind, style), self.way[job], 0.0
        return {"badly": badly, "covered": covered, "mildly": mildly}[how](im, rng, kind)

    @property
    def shown(self):
        """What models see of a crop."""
        return asis if self.name == "train" else enhanced

    def vectors(self, model, dimension, models, cache):
        """A model's answers, kept in a file that is filled up: what is said of a
        photo does not follow from which others there are."""
        path = pathlib.Path(cache) / f"{self.name}-{model}.npy"
        have = np.load(path) if path.exists() else np.zeros((0, dimension), "f4")
        if len(have) < len(self.file):
            crops = path.with_name(f"{self.name}-crops.npy")
            with multiprocessing.Pool(initializer=begin, initargs=(crops, model, models, self.shown)) as pool:
                rest = list(pool.imap(answer, range(len(have), len(self.file)), chunksize=20))
            have = np.concatenate([have, np.array(rest, "f4")])
            np.save(path, have)
        return have[:len(self.file)].astype("f8")

    def ways(self, cache):
        """Of each photo how and how much it was spoiled; the crops are in a file."""
        path = pathlib.Path(cache) / f"{self.name}.npz"
        crops = path.with_name(f"{self.name}-crops.npy")
        if not crops.exists() or len(np.load(path)["kind"]) < len(self.file):
            with multiprocessing.Pool(initializer=cv2.setNumThreads, initargs=(1,)) as pool:
                made, kind, strength = zip(*pool.imap(self.crop, range(len(self.file)), chunksize=20))
            np.savez(path, kind=np.array(kind), strength=np.array(strength, "f8"))
            np.save(crops, np.array(made))
        ways = np.load(path)
        return ways["kind"][:len(self.file)], ways["strength"][:len(self.file)]

    def views(self, cache):
        """What is seen of the crops, which ways has made."""
        path = pathlib.Path(cache) / f"{self.name}-views.npy"
        if not path.exists() or len(np.load(path, mmap_mode="r")) < len(self.file):
            crops = np.load(path.with_name(f"{self.name}-crops.npy"), mmap_mode="r")[:len(self.file)]
            some = (np.array([self.shown(c) for c in crops[i:i + 500]]) for i in range(0, len(crops), 500))
            np.save(path, np.concatenate([views(c) for c in some]))
        return np.load(path)[:len(self.file)].astype("f8")

    def joined(self, pack, models, cache):
        """Joined unit vectors, the lengths of the first recogniser's, and of each
        photo how and how much it was spoiled."""
        kind, strength = self.ways(cache)
        v = self.vectors("sface", 128, models, cache)
        length = np.linalg.norm(v, axis=1)
        if pack == "default":
            return unit(v), length, kind, strength
        of = [(0.7, v, self.vectors("sface-flip", 128, models, cache)),
              (0.3, self.vectors("fr", 192, models, cache), self.vectors("fr-flip", 192, models, cache))]
        parts = [np.sqrt(w) * unit(unit(v) + unit(f)) for w, v, f in of]
        return unit(np.concatenate(parts, 1)), length, kind, strength


def asis(crop):
    return crop


def begin(crops, model, models, shown):
    """What each process that asks a model has."""
    models, here = pathlib.Path(models), pathlib.Path(__file__).parent
    if model.startswith("sface"):
        vector = recogniser(models / "face_recognition_sface_2021dec_int8bq.onnx", 0, 1)
    else:
        rows = np.fromfile(here / "fr_feature_192.f32", "<f4").reshape(192, 512)
        vector = recogniser(models / "fr_feature.onnx", 127, 0.0078125, rows)
    cv2.setNumThreads(1)
    answer.of = np.load(crops, mmap_mode="r"), vector, model.endswith("flip"), shown


def answer(job):
    crops, vector, flip, shown = answer.of
    crop = shown(crops[job])
    return vector(crop[:, ::-1] if flip else crop)
