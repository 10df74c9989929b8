"""Makes a pack's transform, its networks of quality, the points of its curve of
doubt, its floor and its calibration table, of a folder of aligned crops (people's
folders of 112x112 pixels; LFW's 7,701 photos of 4,265 people for the built-in packs).

    python trust.py default|accurate CROPS MODELS CACHE
    python trust.py default|accurate CROPS MODELS CACHE TRANSFORM NUISANCE CENTRE SLOPE

needs numpy 2.4, scipy 1.17, onnx 1.23, onnxruntime 1.32 and
opencv-python-headless 5.0, for the accurate pack fr_feature.onnx beside the
other models, and CACHE, a folder for vectors and spoiled crops (2 GB). With the
files and numbers of version 2 it makes the matrix that restores the joined
vectors of what that version kept.

People are in parts (photos.py): some are trained on, others say how much doubt is
needed, and two fifths are kept out of everything but the table. The draws of how a photo
is spoiled follow from the person's name, so that the same versions of the
programs above write the same files.

- The transform whitens what varies within a person: photos of one person,
  photos spoiled mildly against themselves (within-class covariance
  normalisation), and the means of groups of photos that were spoiled alike,
  where strangers collide (nuisance attribute projection, in a soft form).
- The network sees the first recogniser's vector: of more it learns people by
  heart. It is the one for which length·(1 - share)^2 best predicts how much
  nearer to each other than good photos strangers of a group of photos spoiled
  alike are. A second one sees the crop alone, for what the vector does not show,
  and takes as much from the length that the first one leaves; it is trained for
  pack default, of which there are more photos in styles, and pack accurate, which is
  made after that, has the same. Of people that they were not trained on:
- The score's curve is the share of spoiled photos found at a false-match rate of
  1e-4, and the floor the highest score at which at most one photo in nine is
  found at 1e-2, where more are the higher the score.
- The curve of doubt is what groups of photos of a score need, falling, and of
  scores that good photos have what these people showed to cost none of them.
"""

import hashlib
import pathlib
import sys

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from alike import MISSHAPEN
from photos import TEST, TRAIN, VALIDATE, Set, unit
from table import Table

POWER, GROUP, LEAST = 2, 60, 40
# Networks, whose mean counts, with so many units each.
NETWORKS, HIDDEN, KEEP = 4, 24, {"default": 3e-5, "accurate": 1e-4}
KEEP_CROP = 3e-4
# How much what the crop shows counts, which two recognisers see still less of.
POWER_CROP = {"default": 2, "accurate": 4}
# How many times a length both networks make it at most. The middle of good photos is
# 1.8; of photos unlike all that they were trained on they may say anything.
MOST = {"default": np.inf, "accurate": 2}
# How many times as much shadows count, in which strangers collide most, and which
# good photos have, too.
SHADOWS = 3
# Values of the first recogniser.
FIRST = 128
RATES = np.array([1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
# People whose photos are spoiled, each in its way and in one style with others', of
# those trained on and of the others.
SPOILED = {"default": ((420, 840), (250, 250)), "accurate": ((420, 420), (250, 250))}
# Doubts at the shares of good photos that are poorer: what good ones can do with,
# and from the first on down at least what costs a poor photo nothing against a
# good one; and how much more than that of groups photos poorer still have.
RAMP = ((0.003, 0.45), (0.02, 0.38), (0.07, 0.28), (0.2, 0.12), (0.5, -0.09))
MARGIN = {"default": 1.6, "accurate": 2}
FOUND = 1 / 9
# How much more alike than strangers' good photos the table takes them to be, so that
# photos in the worst of styles, red light and soft shadow, keep within twice the rates.
WORST = {"default": 0.006, "accurate": 0.010}
ALIKE = tuple(f"alike {k}" for k in MISSHAPEN)


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


def falling(y):
    """The falling values nearest to y in squares (pool adjacent violators)."""
    blocks = []
    for v in y:
        blocks.append((v, 1))
        while len(blocks) > 1 and blocks[-2][0] <= blocks[-1][0]:
            (a, m), (b, n) = blocks[-2:]
            blocks[-2:] = [((a * m + b * n) / (m + n), m + n)]
    return np.repeat([v for v, _ in blocks], [n for _, n in blocks])


class Lab:
    def __init__(self, s, pack, models, cache):
        self.pack = pack
        self.u, self.length, self.kind, self.strength = s.joined(pack, models, cache)
        self.view = s.views(cache)
        self.person = s.person
        self.photo = np.unique([str(f) for f in s.file], return_inverse=True)[1]
        starts = lambda how: np.flatnonzero(np.char.startswith(s.way, how))
        self.clean = np.flatnonzero(s.way == "")
        self.mild, self.bad, self.covered = starts("mildly"), starts("badly"), starts("covered")
        self.spoiled = np.r_[self.bad, self.covered, self.mild]
        # One good photo of each person.
        self.good = self.clean[np.unique(self.person[self.clean], return_index=True)[1]]

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
        itself = dict(zip(self.photo[self.clean], self.clean))
        mild = covariance(self.u[self.mild] - self.u[[itself[i] for i in self.photo[self.mild]]]) / 2
        return real + mild

    def transform(self):
        scaled = lambda m: m * len(m) / np.trace(m)
        middle = self.u[self.clean].mean(0)
        # Which groups are usable goes by the length less what lies in the
        # directions of poor photos.
        poor = np.sqrt(0.5) * np.linalg.eigh(covariance(self.u[np.r_[self.bad, self.covered]]))[1][:, ::-1][:, :32].T
        quality = np.log(np.maximum(self.length, 1e-6)) + POWER * np.log(1 - ((self.u @ poor.T) ** 2).sum(1))
        hidden = set(self.kind[self.covered]) | {k for k in set(self.kind) if k.startswith(ALIKE)}
        means = [(k, np.median(quality[g]), self.u[g].mean(0)) for k, g in self.groups(self.strength, 2 * GROUP)]
        usable = covariance(np.array([m - middle for _, q, m in means if q > 1.4]))
        every = covariance(np.array([m for _, _, m in means]))
        covered = covariance(np.array([m - middle for k, _, m in means if k in hidden]))
        noise = scaled(self.within()) + 0.3 * scaled(usable) + 0.3 * scaled(every) + scaled(covered)
        values, vectors = np.linalg.eigh(noise + 12 * np.eye(len(noise)))
        # The least of the whitened directions gives its place to the doubt.
        rows = (vectors / np.sqrt(values)).T[:-1]
        rows *= np.sign(rows[np.arange(len(rows)), np.abs(rows).argmax(1)])[:, None]
        return rows / np.abs(rows).max()

    def tail(self, z):
        return Tail(strangers(z[self.good], self.person[self.good]))

    def needs(self, z, key):
        tail = self.tail(z)
        return [(k, g, excess(strangers(z[g], self.person[g]), tail)) for k, g in self.groups(key, GROUP)
                if len(g) >= LEAST]

    def network(self, transform):
        """Units that see the first recogniser's vector."""
        x = self.u[:, :FIRST]
        each = np.sqrt((x * x).mean())
        w, offset, part = self.units(transform, np.log(np.maximum(self.length, 1e-6)), x / each, each, KEEP[self.pack])
        blind = np.zeros((len(w), self.u.shape[1] - FIRST))
        return np.c_[w / each, blind, offset, part].astype("<f4")

    def crop_network(self, transform, network):
        """Units that see the crop."""
        return np.c_[self.units(transform, self.quality(network), self.view, 0.1, KEEP_CROP, SHADOWS)].astype("<f4")

    def units(self, transform, log_length, seen, spread, keep, shadows=1):
        """Units so that the doubt that is needed is a falling line of the quality,
        and none where the line is below nought."""
        z = unit(self.u @ transform.T)
        needs = self.needs(z, self.strength)
        at = np.concatenate([g for _, g, _ in needs] + [self.clean])
        need = np.concatenate([np.full(len(g), np.sqrt(n)) for _, g, n in needs] + [np.zeros(len(self.clean))])
        kinds = np.concatenate([[k] * len(g) for k, g, _ in needs] + [[""] * len(self.clean)])
        weight = np.zeros(len(at))
        for k in set(kinds):
            weight[kinds == k] = 1 / (kinds == k).sum()
        weight[np.char.startswith(kinds, "alike shadow")] *= shadows
        spoiled = kinds != ""
        weight[spoiled] /= weight[spoiled].sum()
        x, log_length = seen[at], log_length[at]
        shape = HIDDEN, x.shape[1]
        split = np.cumsum([2, HIDDEN * x.shape[1], HIDDEN])

        def loss(v):
            line, w, offset, part = np.split(v, split)
            w, slope = w.reshape(shape), np.exp(line[1])
            before = x @ w.T + offset
            unit_of = np.maximum(before, 0)
            rest = np.maximum(1 - unit_of @ part, 1e-2)
            quality = log_length + POWER * np.log(rest)
            off = line[0] - slope * quality - need
            off[(need == 0) & (off < 0)] = 0
            by_line = 2 * weight * off
            by_quality = -slope * by_line
            by_share = np.where(rest > 1e-2, -by_quality * POWER / rest, 0)
            by_unit = np.outer(by_share, part) * (before > 0)
            value = (weight * off * off).sum() + keep * ((w * w).sum() + (part * part).sum())
            return value, np.r_[by_line.sum(), (quality * by_quality).sum(), (by_unit.T @ x + 2 * keep * w).ravel(),
                                by_unit.sum(0), unit_of.T @ by_share + 2 * keep * part]
        rows = []
        for n in range(NETWORKS):
            rng = np.random.default_rng(n)
            start = np.r_[0.7, np.log(0.3), rng.normal(0, spread, shape).ravel(), np.zeros(HIDDEN), rng.normal(0, 0.05, HIDDEN)]
            v = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
            _, w, offset, part = np.split(v, split)
            rows.append((w.reshape(shape), offset, part / NETWORKS))
        return tuple(map(np.concatenate, zip(*rows)))

    def quality(self, *networks):
        """The logarithm of the length that counts, of one network or both."""
        counts = np.zeros(len(self.length))
        for seen, network, power in zip((self.u, self.view), networks, (POWER, POWER_CROP[self.pack])):
            w = network.astype("f8")
            share = np.maximum(seen @ w[:, :-2].T + w[:, -2], 0) @ w[:, -1]
            counts += power * np.log(np.maximum(1 - share, 1e-2))
        return np.log(np.maximum(self.length, 1e-6)) + np.minimum(counts, np.log(MOST[self.pack]))

    def doubt(self, z, x):
        """The curve of doubt, as points of the quality."""
        ramp = np.quantile(x[self.clean], [share for share, _ in RAMP]), [d for _, d in RAMP]
        at, need = np.array(sorted((np.median(x[g]), n) for _, g, n in self.needs(z, x))).T
        needed = np.minimum(np.sqrt(MARGIN[self.pack] * falling(need)), 0.9)
        below = at < ramp[0][0]
        at = np.r_[at[below], ramp[0]]
        d = np.r_[needed[below], ramp[1]]
        return at, np.maximum.accumulate(d[::-1])[::-1]

    def mates(self):
        """Spoiled photos, each with another good photo of its person."""
        others = {}
        for i in self.clean:
            others.setdefault(self.person[i], []).append(i)
        pairs = [(i, [j for j in others[self.person[i]] if self.photo[j] != self.photo[i]]) for i in self.spoiled]
        return np.array([(i, j[0]) for i, j in pairs if j])

    def trust(self, transform, *networks):
        """The score's centre and slope, the floor, and the curve of doubt."""
        x, z = self.quality(*networks), unit(self.u @ transform.T)
        points = np.array(self.doubt(z, x))
        doubt = np.interp(x, *points)
        plain = np.sqrt(1 - doubt**2)[:, None] * z
        template, probe = np.c_[plain, doubt], np.c_[plain, -doubt]
        i, j = np.triu_indices(len(self.good), 1)
        tail = Tail((probe[self.good] @ template[self.good].T)[i, j])
        a, b = self.mates().T
        cosine = (probe[a] * template[b]).sum(1)
        at, found = x[a], cosine >= tail.at(1e-4)

        def unlikely(centre, slope):
            return np.logaddexp(0, np.where(found, -1, 1) * slope * (at - centre)).mean()
        fits = []
        for slope in range(2, 21):
            r = minimize_scalar(unlikely, bounds=(at.min(), at.max()), args=(slope,), method="bounded")
            fits.append((r.fun, slope, round(float(np.exp(r.x)), 2)))
        _, slope, centre = min(fits)

        def score(log_length):
            return 1 / (1 + (centre / np.exp(log_length)) ** slope)
        order = np.argsort(at, kind="stable")
        easily = -falling(-(cosine[order] >= tail.at(1e-2)).astype("f8"))
        floor = at[order][np.flatnonzero(easily <= FOUND)[-1]]
        # As few points, straight in the score, as keep the curve within 0.006.
        dense = np.linspace(points[0, 0], points[0, -1], 2000)
        scores, doubts, kept = score(dense), np.interp(dense, *points), [0, len(dense) - 1]
        while True:
            off = np.abs(np.interp(scores, scores[kept], doubts[kept]) - doubts)
            if off.max() < 0.006:
                break
            kept = sorted(kept + [int(off.argmax())])
        return centre, slope, score(floor), [(scores[i], doubts[i]) for i in kept]


def restoring(lab, transform, nuisance, centre, slope):
    """Rows that make the joined vectors of what version 2 kept of them, its score
    and 1, as near in squares as they can; good photos count three times."""
    length = lab.length * np.maximum(1 - ((lab.u @ nuisance.T) ** 2).sum(1), 1e-6) ** POWER
    kept = np.c_[unit(lab.u @ transform.T), 1 / (1 + (centre / length) ** slope), np.ones(len(length))]
    weight = np.ones((len(length), 1))
    weight[lab.clean] = 3
    return np.linalg.lstsq(weight * kept, weight * lab.u)[0].T


def write(name, rows):
    path = pathlib.Path(__file__).parent / name
    path.write_bytes(rows.astype("<f4").tobytes())
    print(f"  - name: {name}\n    sha256: {hashlib.sha256(path.read_bytes()).hexdigest()}")


def table(labs, transform, networks, centre, slope, floor, curve):
    """The calibration table of good photos above the floor."""
    probes, templates, person, people = [], [], [], 0
    for lab in labs:
        at = lab.clean
        score = 1 / (1 + (centre / np.exp(lab.quality(*networks)[at])) ** slope)
        at, score = at[score >= floor], score[score >= floor]
        doubt = np.interp(score, *np.array(curve).T)
        plain = np.sqrt(1 - doubt**2)[:, None] * unit(lab.u[at] @ transform.T)
        probes.append(np.c_[plain, -doubt])
        templates.append(np.c_[plain, doubt])
        person.append(lab.person[at] + people)
        people += lab.person.max() + 1
    return Table(*map(np.concatenate, (probes, templates, person)))


def main(pack, crops, models, cache, *earlier):
    spoiled = *SPOILED[pack], (0, 0)
    labs = [Lab(Set(name, crops, parts, *n), pack, models, cache)
            for name, parts, n in zip(("train", "validate", "test"), (TRAIN, VALIDATE, TEST), spoiled)]
    train, others, kept_out = labs
    if earlier:
        transform, nuisance = (np.fromfile(f, "<f4").reshape(-1, train.u.shape[1]) for f in earlier[:2])
        write(f"{pack}_2_restore.f32", restoring(train, transform, nuisance, *map(float, earlier[2:])))
        return
    transform = train.transform()
    network = train.network(transform)
    # What is kept of it is what is fitted to.
    transform = transform.astype("<f4").astype("f8")
    write(f"{pack}_transform.f32", transform)
    write(f"{pack}_network.f32", network)
    if pack == "default":
        write("crop.f32", train.crop_network(transform, network))
    crop = np.fromfile(pathlib.Path(__file__).with_name("crop.f32"), "<f4").reshape(-1, train.view.shape[1] + 2)
    networks = network, crop
    centre, slope, floor, curve = others.trust(transform, *networks)
    print(f"quality: centre {centre}, slope {slope}\ntrust:\n  floor: {floor:.2g}\n  doubt:")
    for quality, doubt in curve:
        print(f"    - {{quality: {quality:.5g}, doubt: {doubt:.3g}}}")
    rest = transform, networks, centre, slope, floor, curve
    whole, apart = table(labs, *rest), table([kept_out], *rest)
    off = max(abs(whole.cosine(r) - apart.cosine(r)) for r in (1e-1, 1e-2, 1e-3, 1e-4))
    print(f"calibration:\n  # of those kept out alone the same within {off:.4f} of cosine")
    print(f"  measured: {whole.measured():.2g}\n  knots:")
    for cosine, rate in whole.knots:
        cosine += WORST[pack] if rate < 1 else 0
        print(f"    - {{cosine: {cosine:.4g}, fmr: {rate:g}}}")


if __name__ == "__main__":
    main(*sys.argv[1:])
