"""How trust.py spoils photos. Each kind is a function of an aligned crop and a
random generator, which returns the crop, which kind within the kind it was, and
a strength by which photos of the kind are sorted."""

import cv2
import numpy as np

SIDE = 112
BADLY = ["turn", "blur", "dither", "noise", "jpeg", "small", "dark", "two"]
MILDLY = ["turn", "blur", "noise", "jpeg", "small", "dark", "occluded", "light"]
COVERED = ["lower", "lower", "lower", "upper", "side", "things"]


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
    a, b = rng.choice(["blur", "dark", "noise", "jpeg", "small", "covered", "turn"], 2, replace=False)
    for k in (a, b):
        im = covered(im, rng, COVERED[rng.integers(len(COVERED))])[0] if k == "covered" else badly(im, rng, k)[0]
    return im, "two", rng.random()


def fill(im, rng):
    """What hides a part of a face, the size of the crop: of one colour, lit from
    a side, or with a pattern."""
    u = rng.random()
    if u < 0.3:
        return np.zeros((SIDE, SIDE, 3), "u1"), "black"
    if u < 0.4:
        return noise(np.full((SIDE, SIDE, 3), 128, "u1"), between(rng, 20, 120), rng, rng.random() < 0.5), "noise"
    light = rng.uniform(0.75, 1.1)
    if u < 0.5:
        colour, name = np.array([235, 235, 232]) * light, "white"
    elif u < 0.6:
        colour, name = np.array([130, 175, 205]) * light, "blue"
    elif u < 0.7:
        colour, name = np.full(3, rng.uniform(70, 190)), "grey"
    elif u < 0.8:
        colour, name = im[40:72, 30:82].reshape(-1, 3).mean(0) * light, "skin"
    else:
        colour, name = rng.uniform(0, 256, 3), "colour"
    out = np.broadcast_to(colour, (SIDE, SIDE, 3)).astype("f8")
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE - 1) - 0.5
    if rng.random() < 0.5:
        out = out * (1 - rng.uniform(0, 1.6) * x * x - rng.uniform(-0.5, 0.5) * x - rng.uniform(-0.3, 0.3) * y)[:, :, None]
    if rng.random() < 0.25:
        angle, period = rng.uniform(0, np.pi), between(rng, 0.03, 0.3)
        waves = np.sin(2 * np.pi * (np.cos(angle) * x + np.sin(angle) * y) / period)
        out = out + rng.uniform(8, 70) * waves[:, :, None]
    return levels(out + rng.normal(0, rng.uniform(0, 6), out.shape)), name


def covered(im, rng, place):
    """Something before the face: below, above, at a side, or a thing that hides a
    part of it."""
    if rng.random() < 0.5:
        im = shake(im, rng, 0.7)
    what, name = fill(im, rng)
    y, x = np.mgrid[:SIDE, :SIDE].astype("f8")
    if place == "lower":
        top = rng.uniform(50, 86)
        edge = np.full(SIDE, top)
        if rng.random() < 0.5:  # a mask's edge falls to the sides, or leans
            u = np.arange(SIDE) / (SIDE - 1) - 0.5
            edge = edge + rng.uniform(0, 40) * u * u + rng.uniform(-16, 16) * u
        hidden = y >= edge
        if rng.random() < 0.4:  # and ends before the ears and below the chin
            wide = rng.uniform(34, 56)
            hidden &= (np.abs(x - 55.5) < wide - np.maximum(0, y - 92) * rng.uniform(0, 0.8)) & (y < rng.uniform(96, 116))
        return np.where(hidden[:, :, None], what, im), f"lower {name}", -top
    if place == "upper":
        bottom = rng.uniform(24, 72)
        hidden = y < bottom + rng.uniform(-14, 14) * (x / (SIDE - 1) - 0.5)
        return np.where(hidden[:, :, None], what, im), "upper" if name != "black" else "upper black", bottom
    if place == "side":
        width = rng.uniform(24, 66)
        hidden = (x < width) if rng.random() < 0.5 else (x >= SIDE - width)
        return np.where(hidden[:, :, None], what, im), "side" if name != "black" else "side black", width
    if rng.random() < 0.5:  # dark or tinted glasses
        wide, high = rng.uniform(11, 19), rng.uniform(8, 16)
        power = rng.choice([2, 4])
        hidden = np.zeros((SIDE, SIDE), bool)
        for eye in (38.3, 73.5):
            hidden |= np.abs((x - eye) / wide) ** power + np.abs((y - 52) / high) ** power < 1
        hidden |= (np.abs(y - 50) < 1.5) & (np.abs(x - 55.9) < 18)
        tint = rng.uniform(0.6, 1)
        glass = np.array([30.0, 30, 32]) * rng.uniform(0, 2.5)
        return levels(np.where(hidden[:, :, None], (1 - tint) * im + tint * glass, im)), "glasses", wide * high
    # A hand, hair or whatever else: an ellipse that lies somewhere.
    cx, cy, a, b, turn_by = rng.uniform(15, 97), rng.uniform(25, 105), rng.uniform(16, 45), rng.uniform(10, 28), rng.uniform(0, np.pi)
    p, q = (x - cx) * np.cos(turn_by) + (y - cy) * np.sin(turn_by), (y - cy) * np.cos(turn_by) - (x - cx) * np.sin(turn_by)
    hidden = (p / a) ** 2 + (q / b) ** 2 < 1
    return np.where(hidden[:, :, None], what, im), "patch", a * b


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


