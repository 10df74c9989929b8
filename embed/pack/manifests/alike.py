"""How trust.py spoils groups of photos in one style each: everybody wears the same
glasses, stands in the same light, went through the same filter. Where photos of a
kind only share the kind, strangers collide much less than where they share the
style. Each kind is a function of an aligned crop and of a random generator that
says the style, the same for all photos of a group."""

import cv2
import numpy as np

from spoil import SIDE, between, grey, levels, of_grey, shake

Y, X = np.mgrid[:SIDE, :SIDE].astype("f8")
# Where eyes, nose and the corners of the mouth are in an aligned crop.
EYES, BROW, NOSE = ((38.3, 51.7), (73.5, 51.5)), 42, 71.7
SKIN = np.array([205.0, 160, 135])


def on(im, hidden, what, cover=1.0):
    cover = cover * np.asarray(hidden, "f8")[:, :, None]
    return levels((1 - cover) * im + cover * what)


def colour(s):
    u = s.random()
    if u < 0.3:
        return np.full(3, s.uniform(0, 50))
    if u < 0.45:
        return np.full(3, s.uniform(200, 255))
    if u < 0.6:
        return np.array([130, 175, 205]) * s.uniform(0.75, 1.15)
    if u < 0.75:
        return SKIN * s.uniform(0.35, 1.15)
    return s.uniform(0, 256, 3)


def cloth(s):
    """A colour, lit from a side, at times with a pattern."""
    u, v = X / (SIDE - 1) - 0.5, Y / (SIDE - 1) - 0.5
    out = colour(s) * (1 - s.uniform(0, 1.2) * u * u - s.uniform(-0.4, 0.4) * u - s.uniform(-0.3, 0.3) * v)[:, :, None]
    if s.random() < 0.3:
        angle, period = s.uniform(0, np.pi), between(s, 0.03, 0.3)
        out = out + s.uniform(8, 90) * np.sin(2 * np.pi * (np.cos(angle) * u + np.sin(angle) * v) / period)[:, :, None]
    return out


def glasses(im, s):
    wide, high, power, drop = s.uniform(11, 19), s.uniform(8, 15), s.choice([2, 4, 20]), s.uniform(-2, 4)
    hidden = (np.abs(Y - 49 - drop) < s.uniform(0, 3)) & (np.abs(X - 55.9) < 18)
    for x, y in EYES:
        hidden |= np.abs((X - x) / wide) ** power + np.abs((Y - y - drop) / high) ** power < 1
    glass = np.full(3, s.uniform(5, 70)) if s.random() < 0.7 else s.uniform(0, 256, 3)
    shine = s.uniform(0, 120) * np.maximum(0, 1 - np.abs(Y - 52 + high) / high) if s.random() < 0.4 else 0 * Y
    return on(im, hidden, glass + shine[:, :, None], s.uniform(0.75, 1))


def bar(im, s):
    half, wide = s.uniform(7, 15), s.uniform(32, 58)
    hidden = (np.abs(Y - 51.6 - s.uniform(-2, 2)) < half) & (np.abs(X - 55.9) < wide)
    u = s.random()
    if u < 0.5:
        what = colour(s) if u < 0.25 else np.full(3, s.choice([0, 0, 255]))
    elif u < 0.8:
        side = int(s.integers(5, 15))
        little = cv2.resize(im, (SIDE // side, SIDE // side), interpolation=cv2.INTER_AREA)
        what = cv2.resize(little, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    else:
        what = cv2.GaussianBlur(im, (0, 0), s.uniform(4, 10))
    return on(im, hidden, what)


def mask(im, s):
    u, what = X / (SIDE - 1) - 0.5, cloth(s)
    hidden = s.uniform(52, 80) + s.uniform(0, 45) * u * u + s.uniform(-5, 5) * u < Y
    if s.random() < 0.5:
        hidden &= (np.abs(X - 55.9) < s.uniform(36, 56) - np.maximum(0, Y - 92) * s.uniform(0, 0.8)) & (Y < s.uniform(98, 116))
    return on(im, hidden, what)


def hat(im, s):
    u = X / (SIDE - 1) - 0.5
    hidden = s.uniform(26, 50) + s.uniform(-30, 30) * u * u + s.uniform(-12, 12) * u > Y
    out = on(im, hidden, cloth(s))
    if s.random() < 0.3:
        fall = np.clip((Y - 40) / s.uniform(10, 30), s.uniform(0.1, 0.6), 1)
        out = np.where(hidden[:, :, None], out, levels(out * fall[:, :, None]))
    return out


def eye(im, s):
    x, y = EYES[s.integers(2)]
    a, b, turn = s.uniform(14, 34), s.uniform(10, 24), s.uniform(0, np.pi)
    dx, dy = X - x - s.uniform(-6, 6), Y - y - s.uniform(-4, 8)
    p, q = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    return on(im, (p / a) ** 2 + (q / b) ** 2 < 1, cloth(s))


def shadow(im, s):
    angle = s.choice([0, 0, 0, np.pi, np.pi, np.pi, 1.57, 4.71]) + s.normal(0, 0.3)
    off = (X - 55.9) * np.cos(angle) + (Y - 62) * np.sin(angle) - s.uniform(-14, 14)
    within = np.clip(0.5 + off / between(s, 1, 30), 0, 1)[:, :, None]
    if s.random() < 0.75:
        return levels(im * (1 - within * (1 - between(s, 0.02, 0.3))))
    return levels(im * (1 + within * s.uniform(1, 5)))


def negative(im, s):
    u, x = s.random(), im.astype("f8")
    if u < 0.4:
        out = 255 - x
    elif u < 0.6:
        out = of_grey(255 - grey(im))
    elif u < 0.75:
        out = x + (255 - 2 * grey(im))[:, :, None]
    else:
        high = s.uniform(90, 200)
        out = np.where(x > high, 255 - x, x) * s.uniform(1, 255 / high)
    if s.random() < 0.5:
        out = (out - 128) * s.uniform(0.5, 1.6) + 128 + s.uniform(-40, 40)
    return levels(out)


def cast(im, s):
    u, x = s.random(), im.astype("f8")
    if u < 0.4:
        gain = np.exp(s.uniform(-4, 0.3, 3))
        return levels(x * gain / gain.max())
    if u < 0.55:
        return np.ascontiguousarray(im[:, :, s.permutation(3)])
    if u < 0.75:
        hue = cv2.cvtColor(im, cv2.COLOR_RGB2HSV)
        hue[:, :, 0] = (hue[:, :, 0].astype(int) + int(s.integers(20, 160))) % 180
        hue[:, :, 1] = levels(hue[:, :, 1] * s.uniform(0.8, 3.0))
        return cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)
    tint = s.uniform(0.2, 1, 3)
    return levels(grey(im)[:, :, None] * tint / tint.max() + s.uniform(0, 60))


def bright(im, s):
    x, u = im.astype("f8"), s.random()
    if u < 0.4:
        return levels(x * between(s, 1.6, 6) + s.uniform(0, 40))
    if u < 0.6:
        return levels(x * s.uniform(0.08, 0.5) + s.uniform(80, 200))
    if u < 0.8:
        return levels((x - s.uniform(80, 160)) * between(s, 2, 12) + 128)
    return levels((x / 255) ** between(s, 0.15, 5) * 255)


def few(im, s):
    u, g = s.random(), grey(im)
    if u < 0.4:
        step = 255 / int(s.integers(1, 4))
        x = im if s.random() < 0.6 else of_grey(g)
        return levels(np.rint((x + s.uniform(-30, 30)) / step) * step)
    if u < 0.7:
        soft = cv2.GaussianBlur(g, (0, 0), between(s, 1, 6))
        return of_grey((g - soft) * s.choice([-1, 1]) * between(s, 2, 10) + s.choice([20, 128, 230]))
    soft = cv2.medianBlur(im, int(s.choice([5, 7, 9])))
    step = 255 / int(s.integers(2, 6))
    edges = cv2.GaussianBlur(np.abs(g - cv2.GaussianBlur(g, (0, 0), 2)), (0, 0), 0.7) > s.uniform(4, 14)
    return on(np.rint(soft / step) * step, edges, np.zeros(3))


def pattern(im, s):
    u, angle = s.random(), s.choice([0, np.pi / 2, np.pi / 4, s.uniform(0, np.pi)])
    period, share = between(s, 3, 16), s.uniform(0.2, 0.6)
    lines = ((X * np.cos(angle) + Y * np.sin(angle)) % period) < share * period
    if u < 0.3:
        lines |= ((Y * np.cos(angle) - X * np.sin(angle)) % period) < share * period
    elif u < 0.5:
        lines = np.zeros((SIDE, SIDE), "u1")
        for _ in range(int(s.integers(1, 5))):
            at = int(s.uniform(-20, 40)), int(s.uniform(15, 110))
            cv2.putText(lines, "SPECIMEN", at, int(s.integers(0, 4)), s.uniform(0.5, 1.3), 1, int(s.integers(1, 5)))
        lines = lines > 0
    return on(im, lines, colour(s), s.uniform(0.35, 1))


def stretch(im, s):
    wide, high = np.exp(s.uniform(-0.6, 0.6, 2))
    lean = s.uniform(-0.4, 0.4) if s.random() < 0.3 else 0
    m = np.array([[wide, lean, 0], [0, high, 0]])
    m[:, 2] = (55.9, 67) - m[:, :2] @ (55.9, 67)
    border = s.choice([cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT])
    return cv2.warpAffine(im, m, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=int(border))


KINDS = {f.__name__: f for f in (glasses, bar, mask, hat, eye, shadow, negative, cast, bright, few, pattern, stretch)}
# Kinds that change what is where on a face, and not only its light.
MISSHAPEN = ("glasses", "bar", "mask", "hat", "eye", "stretch")
# So many styles of a kind are worn by so many people each time.
STYLES, EACH = 6, 420


def alike(im, rng, kind, style):
    if rng.random() < 0.5:
        im = shake(im, rng, 0.5)
    return KINDS[kind](im, style)
