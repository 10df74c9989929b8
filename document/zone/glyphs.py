"""Makes document/zone/glyphs.bin: draws characters of OCR-B as photos show them, and
fits a network of one hidden layer to them. What ink() makes of a picture is what
strip.ink of glyphs.go makes of it.

    pip install numpy scipy pillow; apt-get install fonts-ocr-b
    python3 document/zone/glyphs.py 26000 document/zone/glyphs.bin
"""
import io
import struct
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

CHARACTERS = "<0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALIKE = "0O1I<8B5S2Z6GDQ7TKXVUYEFCHMNW"
WIDTH, HEIGHT, PITCH, HIDDEN = 20, 24, 16, 64
rng = np.random.default_rng(1)
fonts = {}


def font(name, size):
    key = (name, round(size * 4))
    if key not in fonts:
        fonts[key] = ImageFont.truetype(f"/usr/share/fonts/opentype/ocr-b/{name}.otf", key[1] / 4)
    return fonts[key]


def sample(img, cx, cy, step, w, h):
    """A window around a place, interpolated, each pixel the mean of those it covers."""
    xs, ys = cx + (np.arange(w) - (w - 1) / 2) * step, cy + (np.arange(h) - (h - 1) / 2) * step
    n = max(1, round(step))
    out = np.zeros((h, w))
    for a in range(n):
        for b in range(n):
            x = np.clip(xs + ((a + .5) / n - .5) * step, 0, img.shape[1] - 1.001)
            y = np.clip(ys + ((b + .5) / n - .5) * step, 0, img.shape[0] - 1.001)
            i, j = x.astype(int), y.astype(int)
            fx, fy = x - i, (y - j)[:, None]
            above = img[np.ix_(j, i)] * (1 - fx) + img[np.ix_(j, i + 1)] * fx
            below = img[np.ix_(j + 1, i)] * (1 - fx) + img[np.ix_(j + 1, i + 1)] * fx
            out += (above * (1 - fy) + below * fy) / (n * n)
    return out


def ink(strip, cx, cy):
    x, y = np.arange(48) - 23.5, np.arange(30) - 14.5
    for look in range(3):
        window = sample(strip, cx, cy, 1, 48, 30)
        levels = np.sort(window.ravel())
        light, dark = levels[int(.85 * (len(levels) - 1))], levels[int(.02 * (len(levels) - 1))]
        v = np.clip((light - window) / max(light - dark, 12), 0, 1)
        near = np.clip(1 - np.abs(x) / 10.5, 0, 1)[None, :] * np.where(v > .3, v, 0)
        if look == 2 or near.sum() == 0:
            break
        cx += np.clip((near * x[None, :]).sum() / near.sum(), -4, 4)
        cy += np.clip((near * y[:, None]).sum() / near.sum(), -4, 4)
    return v[3:27, 14:34]


def draw():
    """A character between four others, and what is seen of it."""
    k = rng.integers(0, 37) if rng.random() < .7 else CHARACTERS.index(rng.choice(list(ALIKE)))
    pitch = rng.uniform(9, 34) if rng.random() < .75 else rng.uniform(9, 17)
    face = font("OCRBS" if rng.random() < .6 else "OCRB", pitch * 3 / .723)
    w, h = int(pitch * 15), int(pitch * 9)
    img, base = Image.new("L", (w, h), 255), h * .66
    row = [CHARACTERS[rng.integers(0, 37)] if rng.random() < .8 else "<" for _ in range(5)]
    row[2] = CHARACTERS[k]
    for i, c in enumerate(row):
        ImageDraw.Draw(img).text((i * pitch * 3, base), c, font=face, fill=0, anchor="ls")
    a = np.asarray(img.rotate(rng.normal(0, 1), resample=Image.BILINEAR, fillcolor=255), float)
    o = rng.integers(0, 3, 2)
    a = a[o[1]:o[1] + (h - 3) // 3 * 3, o[0]:o[0] + (w - 3) // 3 * 3]
    a = a.reshape(a.shape[0] // 3, 3, a.shape[1] // 3, 3).mean((1, 3))
    line = pitch * 5 / 3
    a = gaussian_filter(a, rng.choice([0, .02, .03, .045, .06]) * line * rng.uniform(.5, 1.1) + rng.uniform(.2, .6))
    paper = rng.uniform(90, 250)
    dark = rng.uniform(5, 70) * paper / 250
    g = dark + (paper - dark) * a / 255
    yy, xx = np.mgrid[0:g.shape[0], 0:g.shape[1]]
    g += rng.uniform(0, 9) * np.sin(xx * rng.uniform(.1, 1.2) + yy * rng.uniform(.1, 1.2) + rng.uniform(0, 6))
    g *= 1 + rng.normal(0, .08) * (xx / g.shape[1] - .5) * 2
    g += rng.normal(0, rng.choice([0, 3, 6, 12]), g.shape)
    file = io.BytesIO()
    Image.fromarray(np.clip(g, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=int(rng.choice([45, 50, 60, 75, 90, 95])))
    g = np.asarray(Image.open(file), float)
    step = pitch * rng.normal(1, .015) / PITCH
    out = sample(g, (2.5 * pitch * 3 - o[0]) / 3, (base - o[1] - .34 * pitch * 3 / .723) / 3, step, 100, 56)
    out = np.asarray(Image.fromarray(out.astype(np.float32)).resize((100, int(56 * rng.normal(1, .025))), Image.BILINEAR))
    cx, cy = out.shape[1] / 2 - .5, out.shape[0] / 2 - .5
    return ink(out, cx + rng.normal(0, .11) * PITCH, cy + rng.normal(0, .1) * PITCH), k


def fit(x, y, epochs=40, batch=128):
    sizes = [WIDTH * HEIGHT, HIDDEN, len(CHARACTERS)]
    p = [rng.normal(0, np.sqrt(2 / sizes[0]), sizes[:2]), np.zeros(HIDDEN),
         rng.normal(0, np.sqrt(1 / HIDDEN), sizes[1:]), np.zeros(sizes[2])]
    p = [v.astype(np.float32) for v in p]
    m, v, step = [0 * q for q in p], [0 * q for q in p], 0
    for e in range(epochs):
        rate = 1e-3 * (1 + np.cos(np.pi * e / epochs)) + 1e-5
        for _ in range(len(x) // batch):
            j = rng.integers(0, len(x), batch)
            seen = np.roll(x[j].reshape(-1, HEIGHT, WIDTH), rng.integers(-1, 2, 2), (1, 2)).reshape(batch, -1)
            h = np.maximum(seen @ p[0] + p[1], 0)
            kept = (rng.random(h.shape) < .9) / .9
            h = h * kept
            z = h @ p[2] + p[3]
            g = np.exp(z - z.max(1, keepdims=True))
            g /= g.sum(1, keepdims=True)
            g[np.arange(batch), y[j]] -= 1
            g /= batch
            gh = (g @ p[2].T) * (h > 0) * kept
            step += 1
            for i, d in enumerate([seen.T @ gh + 1e-5 * p[0], gh.sum(0), h.T @ g + 1e-5 * p[2], g.sum(0)]):
                m[i], v[i] = .9 * m[i] + .1 * d, .999 * v[i] + .001 * d * d
                p[i] -= (rate * m[i] / (1 - .9 ** step) / (np.sqrt(v[i] / (1 - .999 ** step)) + 1e-8)).astype(np.float32)
    return p


def main():
    count, path = int(sys.argv[1]), sys.argv[2]
    drawn = [draw() for _ in range(count)]
    x = np.array([d[0].ravel() for d in drawn], np.float32)
    y = np.array([d[1] for d in drawn])
    kept_out = count // 13
    p = fit(x[kept_out:], y[kept_out:])
    z = np.maximum(x[:kept_out] @ p[0] + p[1], 0) @ p[2] + p[3]
    print("of", kept_out, "kept out, right are", (z.argmax(1) == y[:kept_out]).mean())
    with open(path, "wb") as f:
        for w, b in ((p[0], p[1]), (p[2], p[3])):
            scale = np.abs(w).max() / 127
            f.write(struct.pack("<f", scale) + np.round(w.T / scale).astype(np.int8).tobytes() + b.astype("<f4").tobytes())


if __name__ == "__main__":
    main()
