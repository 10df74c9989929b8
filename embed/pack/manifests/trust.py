"""Makes a pack's transform and nuisance directions, and the points of its
curve of doubt, of a folder of aligned crops (people's folders of 112x112
pixels; LFW's 7,701 photos of 4,265 people for the built-in packs).

    python trust.py default|accurate CROPS MODELS CACHE

needs numpy 2.4, scipy 1.17, onnx 1.20, onnxruntime 1.32 and
opencv-python-headless 5.0, for the accurate pack fr_feature.onnx beside the
other models, and CACHE, a folder for vectors and spoiled crops (3 GB).

People whose name's SHA-256 has an even first byte are trained on; the others
are kept out of everything here, for tests (bench poor has the same rule).
622 of the trained each give nine photos spoiled badly and four mildly.

- The transform whitens what varies within a person: photos of one person,
  photos spoiled mildly against themselves (within-class covariance
  normalisation), and the means of groups of photos that were spoiled alike,
  where strangers collide (nuisance attribute projection, in a soft form).
- The nuisance directions are those for which length·(1 - share)^2 best
  predicts how much nearer to each other than good photos strangers of a group
  of photos spoiled alike are.
- The curve of doubt has its shape from POINTS, chosen by how often strangers
  spoiled alike match, how many mates of spoiled photos are found, and how many
  of good ones; its place follows the good photos' lengths. The score's curve
  is the share of spoiled photos found at a false-match rate of 1e-4.

What it writes moves a little with the draws of how photos are spoiled, which
follow from the places of photos in the set.
"""

import hashlib
import pathlib
import sys

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from scipy.optimize import minimize, minimize_scalar

SIDE, DIRECTIONS, POWER, GROUP = 112, 32, 2, 130
RATES = np.array([1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
BADLY = ["turn", "blur", "dither", "noise", "jpeg", "small", "dark", "occluded", "two"]
MILDLY = ["turn", "blur", "noise", "jpeg", "small", "dark", "occluded", "light"]
# Doubts at logarithms of the length that counts, below those of good photos, and
# at the shares of good photos that are below a length.
POINTS = {
    "default": (((0.3, 0.85), (0.8, 0.72), (1.1, 0.6), (1.4, 0.47), (1.6, 0.44)),
                ((0.003, 0.40), (0.02, 0.31), (0.07, 0.19), (0.2, 0.03), (0.5, -0.08))),
    "accurate": (((0.3, 0.8), (0.8, 0.65), (1.1, 0.52), (1.4, 0.42), (1.6, 0.38)),
                 ((0.003, 0.34), (0.02, 0.26), (0.07, 0.17), (0.2, 0.03), (0.5, -0.08))),
}
FLOOR = 0.9
SAME = pathlib.Path(__file__).parents[3] / "bench" / "lfw-same.txt"


# How photos are spoiled. Each function returns the crop, which kind within the
# kind it was, and a strength by which photos of the kind are sorted.

def levels(x):
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


def grey(im):
    return im.astype("f4") @ np.array([0.299, 0.587, 0.114], "f4")


def of_grey(g):
    return np.repeat(levels(g)[:, :, None], 3, 2)


def between(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def turn(im, angle, border=cv2.BORDER_REPLICATE, scale=1.0, dx=0.0, dy=0.0):
    m = cv2.getRotationMatrix2D((55.5, 55.5), angle, scale)
    m[:, 2] += (dx, dy)
    return cv2.warpAffine(im, m, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=border)


def shake(im, rng, strength):
    """What a detector's landmarks are off by."""
    return turn(im, rng.normal(0, 4 * strength), cv2.BORDER_REPLICATE, np.exp(rng.normal(0, 0.04 * strength)),
                rng.normal(0, 2 * strength), rng.normal(0, 2 * strength))


def blur(im, sigma):
    return cv2.GaussianBlur(im, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def move(im, length, angle):
    k = np.zeros((2 * length + 1, 2 * length + 1), "f4")
    for t in np.linspace(-length / 2, length / 2, 8 * length):
        k[int(round(length + t * np.sin(angle))), int(round(length + t * np.cos(angle)))] = 1
    return cv2.filter2D(im, -1, k / k.sum(), borderType=cv2.BORDER_REPLICATE)


def noise(im, sigma, rng, of_light):
    return levels(im + rng.normal(0, sigma, (SIDE, SIDE, 1 if of_light else 3)))


def jpeg(im, quality):
    data = cv2.imencode(".jpg", im[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1]
    return cv2.imdecode(data, 1)[:, :, ::-1]


def small(im, width, up, down=cv2.INTER_AREA):
    return cv2.resize(cv2.resize(im, (width, width), interpolation=down), (SIDE, SIDE), interpolation=up)


def dark(im, gain, rng=None):
    x = im * gain
    return levels(x if rng is None else rng.poisson(np.maximum(x, 0)))


def diffuse(g, steps=2):
    """Floyd and Steinberg's error diffusion."""
    g, step = g.astype("f8").copy(), 255 / (steps - 1)
    for y in range(SIDE):
        for x in range(SIDE):
            old = g[y, x]
            g[y, x] = new = min(255, max(0, round(old / step) * step))
            e = old - new
            if x < SIDE - 1:
                g[y, x + 1] += e * 7 / 16
            if y < SIDE - 1:
                if x:
                    g[y + 1, x - 1] += e * 3 / 16
                g[y + 1, x] += e * 5 / 16
                if x < SIDE - 1:
                    g[y + 1, x + 1] += e / 16
    return g


def scatter(g, rng):
    return (g > rng.uniform(0, 255, (SIDE, SIDE))) * 255.0


def bayer(g, n):
    b, k = np.array([[0]]), 1
    while k < n:
        b, k = np.block([[4 * b, 4 * b + 2], [4 * b + 3, 4 * b + 1]]), 2 * k
    t = np.tile((b + 0.5) * 255 / (n * n), (SIDE // n + 1, SIDE // n + 1))
    return (g > t[:SIDE, :SIDE]) * 255.0


def cover(im, side, height, colour, rng=None):
    o = im.copy()
    if side == 0:
        o[SIDE - height:] = colour
    elif side == 1:
        o[:height] = colour
    elif side == 2:
        o[:, :height] = colour
    elif side == 3:
        o[:, SIDE - height:] = colour
    else:
        y = int(rng.uniform(0, SIDE - height))
        x = int(rng.uniform(0, SIDE - height))
        o[y:y + height, x:x + height] = colour
    return o


def badly(im, rng, kind):
    if rng.random() < 0.5:
        im = shake(im, rng, 1)
    if kind == "turn":
        border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT
        angle = rng.choice([90, 180, 180, 270]) if rng.random() < 0.7 else rng.uniform(35, 325)
        nearest = int(round(angle / 90) * 90)
        name = f"turn{nearest}" if abs(angle - nearest) < 20 else "turnL" if angle < 180 else "turnR"
        return turn(im, angle, border), name, rng.random()
    if kind == "blur":
        u = rng.random()
        if u < 0.7:
            s = between(rng, 2.5, 14)
            return blur(im, s), "blur", s
        if u < 0.85:
            k = 2 * int(between(rng, 4, 20)) + 1
            return cv2.blur(im, (k, k), borderType=cv2.BORDER_REPLICATE), "blur", k * 0.35
        s = between(rng, 8, 40)
        return move(im, int(s), rng.uniform(0, np.pi)), "motion", s
    if kind == "dither":
        u, g = rng.random(), grey(im)
        if rng.random() < 0.3:
            g = np.clip((g - g.mean()) * rng.uniform(0.7, 2.5) + 128, 0, 255)
        if u < 0.3:
            return of_grey(scatter(g, rng)), "scattered", 0
        if u < 0.6:
            return of_grey(diffuse(g)), "diffused", 0
        if u < 0.7:
            return of_grey(bayer(g, int(rng.choice([2, 4])))), "ordered", 0
        if u < 0.8:
            return of_grey((g > rng.uniform(60, 180)) * 255.0), "threshold", 0
        if u < 0.9:
            return of_grey(diffuse(g, int(rng.choice([3, 4])))), "diffused few", 0
        return np.stack([levels(scatter(im[:, :, c].astype("f4"), rng)) for c in range(3)], 2), "scattered colour", 0
    if kind == "noise":
        s = between(rng, 20, 150)
        return noise(im, s, rng, rng.random() < 0.3), "noise", s
    if kind == "jpeg":
        q = rng.integers(1, 11)
        return jpeg(im, q), "jpeg", -q
    if kind == "small":
        w = between(rng, 5, 18)
        up = [cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4][rng.integers(3)]
        return small(im, int(round(w)), up, [cv2.INTER_AREA, cv2.INTER_LINEAR][rng.integers(2)]), "small", -w
    if kind == "dark":
        gain = between(rng, 0.012, 0.12)
        return dark(im, gain, rng if rng.random() < 0.3 else None), "dark", -gain
    if kind == "occluded":
        black = rng.random() < 0.5
        colour = 0 if black else rng.integers(0, 256, 3)
        side, share = rng.integers(5), rng.uniform(0.3, 0.65)
        return cover(im, side, int(SIDE * share), colour, rng), f"occluded {side} {'black' if black else ''}", share
    a, b = rng.choice(["blur", "dark", "noise", "jpeg", "small", "occluded", "turn"], 2, replace=False)
    return badly(badly(im, rng, a)[0], rng, b)[0], "two", rng.random()


def mildly(im, rng, kind):
    name = "mild " + kind
    if rng.random() < 0.7:
        im = shake(im, rng, 0.6)
    if kind == "turn":
        angle = rng.normal(0, 12)
        return turn(im, angle), name, abs(angle)
    if kind == "blur":
        if rng.random() < 0.7:
            s = between(rng, 1, 4.5)
            return blur(im, s), name, s
        s = between(rng, 3, 14)
        return move(im, int(s), rng.uniform(0, np.pi)), name, s / 4
    if kind == "noise":
        s = between(rng, 8, 55)
        return noise(im, s, rng, rng.random() < 0.3), name, s
    if kind == "jpeg":
        q = rng.integers(5, 30)
        return jpeg(im, q), name, -q
    if kind == "small":
        w = between(rng, 10, 32)
        return small(im, int(round(w)), [cv2.INTER_LINEAR, cv2.INTER_CUBIC][rng.integers(2)]), name, -w
    if kind == "dark":
        gain = between(rng, 0.03, 0.4)
        return dark(im, gain, rng if rng.random() < 0.3 else None), name, -gain
    if kind == "occluded":
        colour = 0 if rng.random() < 0.4 else rng.integers(0, 256, 3)
        height, side = int(rng.uniform(15, 45)), rng.integers(4)
        if side < 3:
            return cover(im, side, height, colour), name, height
        x, y = rng.integers(0, SIDE - height, 2)
        o = im.copy()
        o[y:y + height, x:x + height] = colour
        return o, name, height
    if rng.random() < 0.6:
        return levels((im.astype("f4") / 255) ** between(rng, 0.4, 2.5) * 255 * rng.uniform(0.7, 1.4)), name, 0
    return levels((im - 128.0) * between(rng, 0.15, 2) + 128), name, 0


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


# The set: photos as they are, and spoiled.

class Set:
    def __init__(self, crops):
        self.files = sorted(pathlib.Path(crops).glob("*/*.jpg"))
        same = {}
        for line in SAME.read_text().splitlines():
            if line and not line.startswith("#"):
                a, b = sorted(line.split())
                same[b] = same.get(a, a)
        person = [same.get(f.parent.name, f.parent.name) for f in self.files]
        self.names = sorted(set(person))
        number = {n: i for i, n in enumerate(self.names)}
        photos = {}
        for i, n in enumerate(person):
            photos.setdefault(n, []).append(i)
        trained = [n for n in sorted(self.names, key=lambda n: hashlib.sha256(("order " + n).encode()).digest())
                   if hashlib.sha256(n.encode()).digest()[0] % 2 == 0]
        several = [n for n in trained if len(photos[n]) > 1][:311]
        single = [n for n in trained if len(photos[n]) == 1][:311]
        jobs = [(i, number[n], "") for n in trained for i in photos[n]]
        for k, n in enumerate(x for pair in zip(several, single) for x in pair):
            of = photos[n]
            jobs += [(of[j % len(of)], number[n], "badly " + BADLY[j]) for j in range(len(BADLY))]
            jobs += [(of[(j + 1) % len(of)], number[n], "mildly " + MILDLY[(2 * j + k % 2) % len(MILDLY)]) for j in range(4)]
        self.photo, self.person, self.way = (np.array(c) for c in zip(*jobs))

    def crop(self, job):
        im = np.ascontiguousarray(cv2.imread(str(self.files[self.photo[job]]))[:, :, ::-1])
        if not self.way[job]:
            return im, "", 0.0
        how, kind = self.way[job].split()
        return (badly if how == "badly" else mildly)(im, np.random.default_rng(job), kind)

    def vectors(self, pack, models, cache):
        """Joined unit vectors, the lengths of the first recogniser's, and of
        each photo how it was spoiled, and how much."""
        cache = pathlib.Path(cache) / f"{pack}.npz"
        if not cache.exists():
            models, here = pathlib.Path(models), pathlib.Path(__file__).parent
            of = [(recogniser(models / "face_recognition_sface_2021dec_int8bq.onnx", 0, 1), 0.7 if pack == "accurate" else 1.0)]
            if pack == "accurate":
                rows = np.fromfile(here / "fr_feature_192.f32", "<f4").reshape(192, 512)
                of.append((recogniser(models / "fr_feature.onnx", 127, 0.0078125, rows), 0.3))
            joined, length, kind, strength = [], [], [], []
            for job in range(len(self.photo)):
                im, name, how = self.crop(job)
                parts = []
                for i, (vector, weight) in enumerate(of):
                    v = vector(im)
                    if i == 0:
                        length.append(np.linalg.norm(v))
                    u = unit(v)
                    if pack == "accurate":
                        u = unit(u + unit(vector(im[:, ::-1])))
                    parts.append(np.sqrt(weight) * u)
                joined.append(unit(np.concatenate(parts)))
                kind.append(name)
                strength.append(how)
            np.savez(cache, joined=np.array(joined, "f4"), length=length, kind=kind, strength=strength)
        c = np.load(cache)
        return c["joined"].astype("f8"), c["length"].astype("f8"), c["kind"], c["strength"].astype("f8")


# What is learned.

def covariance(x):
    return x.T @ x / len(x)


def strangers(z, person):
    i, j = np.triu_indices(len(z), 1)
    return (z @ z.T)[i, j][person[i] != person[j]]


class Tail:
    """Cosines of strangers' good photos, by rate."""

    def __init__(self, cosines, start=1e-4):
        self.sorted, self.start = np.sort(cosines)[::-1], start
        self.low = self.sorted[int(start * len(cosines))]
        self.mean = (self.sorted[:int(start * len(cosines))] - self.low).mean()

    def at(self, rate):
        if rate >= self.start:
            return self.sorted[int(rate * len(self.sorted))]
        return self.low + self.mean * np.log(self.start / rate)


def excess(cosines, tail):
    """How much doubt, squared, strangers with these cosines need so that they
    reach a threshold no more often than those with good photos do, at the worst
    of the rates: (1-d²)·c - d² ≤ t. What the data do not show of the tail has
    the shape of the good photos'."""
    high = max(2e-3, min(0.02, 60 / len(cosines)))
    body, top = np.quantile(cosines, [0.8, 1 - high])
    wide = (top - body) / (tail.at(high) - tail.at(0.2))
    t = np.array([tail.at(r) for r in RATES])
    c = np.minimum(body + wide * (t - tail.at(0.2)), 0.98)
    return max(0.0, np.max((c - t) / (1 + c)))


class Lab:
    def __init__(self, s, pack, models, cache):
        self.u, self.length, self.kind, self.strength = s.vectors(pack, models, cache)
        self.person, self.photo = s.person, s.photo
        self.clean = np.flatnonzero(s.way == "")
        self.mild = np.flatnonzero(np.char.startswith(s.way, "mildly"))
        self.bad = np.flatnonzero(np.char.startswith(s.way, "badly"))
        self.mean = self.u[self.clean].mean(0)
        self.itself = dict(zip(self.photo[self.clean], self.clean))

    def groups(self, key, size):
        """Photos spoiled in the same way, sorted by the key, in groups."""
        for k in sorted(set(self.kind) - {""}):
            of = np.flatnonzero(self.kind == k)
            of = of[np.argsort(key[of], kind="stable")]
            yield from ((k, g) for g in np.array_split(of, max(1, round(len(of) / size))))

    def within(self):
        """Covariance within people: their photos, mildly spoiled ones."""
        p, x = self.person[self.clean], self.u[self.clean]
        n = np.bincount(p)
        mean = np.zeros((len(n), x.shape[1]))
        np.add.at(mean, p, x)
        mean /= np.maximum(n, 1)[:, None]
        several = n[p] > 1
        d, w = (x - mean[p])[several], 1 / (n[p][several] - 1)
        real = (d * w[:, None]).T @ d / (1 / n[p][several]).sum()
        mild = covariance(self.u[self.mild] - self.u[[self.itself[i] for i in self.photo[self.mild]]]) / 2
        return real + mild

    def transform(self, quality):
        scaled = lambda m: m * len(m) / np.trace(m)
        means = [(k, np.median(quality[g]), self.u[g].mean(0)) for k, g in self.groups(self.strength, GROUP)]
        usable = covariance(np.array([m - self.mean for _, q, m in means if q > 1.4]))
        every = covariance(np.array([m for _, _, m in means]))
        covered = covariance(np.array([m - self.mean for k, _, m in means if k.startswith("occluded")]))
        noise = scaled(self.within()) + 0.3 * scaled(usable) + 0.3 * scaled(every) + 0.5 * scaled(covered)
        values, vectors = np.linalg.eigh(noise + 6 * np.eye(len(noise)))
        # The least of the whitened directions gives its place to the doubt.
        rows = (vectors / np.sqrt(values)).T[:-1]
        rows *= np.sign(rows[np.arange(len(rows)), np.abs(rows).argmax(1)])[:, None]
        return rows / np.abs(rows).max()

    def quality(self, nuisance):
        """The logarithm of the length that counts."""
        share = ((self.u @ nuisance.T) ** 2).sum(1)
        return np.log(np.maximum(self.length, 1e-6)) + POWER * np.log(np.maximum(1 - share, 1e-2))

    def needs(self, transform, key):
        z = unit(self.u @ transform.T)
        good = self.clean[np.unique(self.person[self.clean], return_index=True)[1]]
        tail = Tail(strangers(z[good], self.person[good]))
        return [(k, g, excess(strangers(z[g], self.person[g]), tail)) for k, g in self.groups(key, 60)
                if len(g) >= 40]

    def nuisance(self, transform):
        moments = [covariance(self.u[self.kind == k]) for k in sorted(set(self.kind[self.bad]))]
        start = np.sqrt(0.5) * np.linalg.eigh(np.mean(moments, 0))[1][:, ::-1][:, :DIRECTIONS].T
        rows = start
        for _ in range(3):
            rows = self.learn(self.needs(transform, self.quality(rows)), start)
        return rows

    def trust(self, pack, transform, nuisance):
        """The score's centre and slope, the floor, and the curve of doubt."""
        x, z = self.quality(nuisance), unit(self.u @ transform.T)
        low, high = POINTS[pack]
        points = np.array(low + tuple((np.quantile(x[self.clean], q), d) for q, d in high))
        doubt = np.interp(x, *points.T)
        plain = np.sqrt(1 - doubt**2)[:, None] * z
        template, probe = np.c_[plain, doubt], np.c_[plain, -doubt]
        good = self.clean[np.unique(self.person[self.clean], return_index=True)[1]]
        i, j = np.triu_indices(len(good), 1)
        threshold = Tail((probe[good] @ template[good].T)[i, j]).at(1e-4)
        others = {}
        for i in self.clean:
            others.setdefault(self.person[i], []).append(i)
        pairs = [(i, [j for j in others[self.person[i]] if self.photo[j] != self.photo[i]])
                 for i in np.r_[self.bad, self.mild]]
        pairs = np.array([(i, j[0]) for i, j in pairs if j])
        found = (probe[pairs[:, 0]] * template[pairs[:, 1]]).sum(1) >= threshold
        at = x[pairs[:, 0]]

        def unlikely(centre, slope):
            return np.logaddexp(0, np.where(found, -1, 1) * slope * (at - centre)).mean()
        fits = []
        for slope in range(2, 21):
            r = minimize_scalar(unlikely, bounds=(0, 3), args=(slope,), method="bounded")
            fits.append((r.fun, slope, round(float(np.exp(r.x)), 2)))
        _, slope, centre = min(fits)

        def score(log_length):
            return 1 / (1 + (centre / np.exp(log_length)) ** slope)
        # As few points, straight in the score, as keep the curve within 0.006.
        dense = np.linspace(points[0, 0], points[-1, 0], 2000)
        scores, doubts, kept = score(dense), np.interp(dense, *points.T), [0, len(dense) - 1]
        while True:
            off = np.abs(np.interp(scores, scores[kept], doubts[kept]) - doubts)
            if off.max() < 0.006:
                break
            kept = sorted(kept + [int(off.argmax())])
        return centre, slope, score(FLOOR), [(scores[i], doubts[i]) for i in kept]

    def learn(self, needs, start, keep=3e-4):
        """Rows near start so that the squared doubt that is needed is a falling
        line of the quality, and none where the line is below nought."""
        at = np.concatenate([g for _, g, _ in needs])
        need = np.concatenate([np.full(len(g), n) for _, g, n in needs])
        kinds = np.concatenate([[k] * len(g) for k, g, _ in needs])
        weight = np.zeros(len(at))
        for k in set(kinds):
            weight[kinds == k] = 1 / (kinds == k).sum()
        weight /= weight.sum()
        good = np.random.default_rng(0).choice(self.clean, min(3000, len(self.clean)), replace=False)
        at, need = np.r_[at, good], np.r_[need, np.zeros(len(good))]
        weight = np.r_[weight, np.full(len(good), 1 / len(good))]
        u, log_length = self.u[at], np.log(np.maximum(self.length[at], 1e-6))

        def loss(v):
            slope, rows = np.exp(v[1]), v[2:].reshape(start.shape)
            y = u @ rows.T
            rest = np.maximum(1 - (y * y).sum(1), 1e-2)
            x = log_length + POWER * np.log(rest)
            off = v[0] - slope * x - need
            off[(need == 0) & (off < 0)] = 0
            by_x = -slope * 2 * weight * off
            by_share = np.where(rest > 1e-2, -by_x * POWER / rest, 0)
            by_rows = 2 * (y * by_share[:, None]).T @ u + 2 * keep * (rows - start)
            value = (weight * off * off).sum() + keep * ((rows - start) ** 2).sum()
            return value, np.r_[(2 * weight * off).sum(), (x * by_x).sum(), by_rows.ravel()]
        v = minimize(loss, np.r_[0.7, np.log(0.3), start.ravel()], jac=True, method="L-BFGS-B", options={"maxiter": 150}).x
        return v[2:].reshape(start.shape)


def main(pack, crops, models, cache):
    lab = Lab(Set(crops), pack, models, cache)
    # Only its order counts here: which groups are usable.
    plain = np.sqrt(0.5) * np.linalg.eigh(covariance(lab.u[lab.bad]))[1][:, ::-1][:, :DIRECTIONS].T
    transform = lab.transform(lab.quality(plain))
    nuisance = lab.nuisance(transform)
    transform = lab.transform(lab.quality(nuisance))
    here = pathlib.Path(__file__).parent
    for name, rows in (("transform", transform), ("nuisance", nuisance)):
        path = here / f"{pack}_{name}.f32"
        path.write_bytes(rows.astype("<f4").tobytes())
        print(f"  - name: {path.name}\n    sha256: {hashlib.sha256(path.read_bytes()).hexdigest()}")
    centre, slope, floor, curve = lab.trust(pack, transform, nuisance)
    print(f"quality: centre {centre}, slope {slope}\ntrust:\n  floor: {floor:.2g}\n  doubt:")
    for quality, doubt in curve:
        print(f"    - {{quality: {quality:.5g}, doubt: {doubt:.3g}}}")


if __name__ == "__main__":
    main(*sys.argv[1:])
