"""Trains the aligner: a small network that is shown the disc in the middle of
an aligned crop and says by which similarity the crop is off.

    python aligner.py CROPS STEPS [FILE [CHUNK]]

CROPS is a folder of aligned crops (people's folders of 112x112 pixels; LFW's for
the built-in packs). Needs numpy 2.4, onnx 1.23, opencv-python-headless 5.0 and
torch 2.11, and a GPU or days: the built-in file is the mean after 6,500 of 7,600
steps, 7.5 minutes of an H200, by a form of this script that stopped by the clock;
run again, it writes another file, to FILE where that is named. A few steps with a
CHUNK of 8 show within minutes, without a GPU, that it runs from crops to file.

People whose name's SHA-256 has an even first byte are trained on; the others
are kept out, for tests. trust.py and bench part people by another rule, so of
those that they keep out about half have taught the aligner how faces lie.

A crop is a teacher of its own: it shows a face as the recognisers were trained
to see it. It is put into a photo, upright or turned, small or large, in front of
something else, within a ragged edge, and the photo is spoiled as photos are. The
network sees a disc of it, off by a known similarity, and is to tell which; then
once more after its own correction, as it will be used. Two discs of one photo
are to lead to the same crop, whatever the crop is. Where the correction does not
hold, as on what is no face, it is to say so.
"""

import functools
import hashlib
import math
import pathlib
import sys

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn

CROP, SIDE, WINDOW = 112, 64, 84.0
MIDDLE = (55.5, 67.5)
# ArcFace's template is symmetrical about this column.
MIRROR = 56.03
# A unit of the logarithm of the scale, or of roll, moves the face by so many
# pixels.
REACH = 25.0
# A correction that is off by less holds.
HOLDS = 5.0
CHUNKS, CHUNK = 8, 256  # of photos
# Each photo is used twice in so many steps.
PER, RATE = 4, 2e-3
HERE = pathlib.Path(__file__).parent
SAME = HERE.parents[2] / "bench" / "lfw-same.txt"
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


# The set.

def crops(folder):
    """The crops of the people that may be trained on: N x 3 x 112 x 112."""
    one = {}
    for line in SAME.read_text().splitlines():
        if line and not line.startswith("#"):
            a, b = sorted(line.split())
            one[b] = one.get(a, a)
    files = [f for f in sorted(pathlib.Path(folder).glob("*/*.jpg"))
             if hashlib.sha256(one.get(f.parent.name, f.parent.name).encode()).digest()[0] % 2 == 0]
    return torch.from_numpy(np.stack([cv2.imread(str(f))[:, :, ::-1].transpose(2, 0, 1) for f in files]))


def rand(n, low=0.0, high=1.0):
    return low + (high - low) * torch.rand(n, device=DEVICE)


def chance(n, p):
    return torch.rand(n, device=DEVICE) < p


def wide(low, high):
    """A number between the bounds, evenly in its logarithm."""
    return math.exp(np.random.uniform(math.log(low), math.log(high)))


def wides(n, low, high):
    return torch.exp(rand(n, math.log(low), math.log(high)))


def col(x):
    return x.view(-1, 1, 1, 1)


def turned(x, y, angle):
    c, s = torch.cos(angle), torch.sin(angle)
    return c * x - s * y, s * x + c * y


def plane(n, width, height):
    y, x = torch.meshgrid(torch.arange(height, device=DEVICE, dtype=torch.float32),
                          torch.arange(width, device=DEVICE, dtype=torch.float32), indexing="ij")
    return x.expand(n, -1, -1), y.expand(n, -1, -1)


def look_up(image, x, y, padding="zeros"):
    """Interpolates linearly at pixels' coordinates."""
    h, w = image.shape[-2:]
    at = torch.stack([(2 * x + 1) / w - 1, (2 * y + 1) / h - 1], -1)
    return F.grid_sample(image, at, padding_mode=padding, align_corners=False)


def each(v):
    return v.view(-1, 1, 1)


# How photos are.

def lit(x):
    """Light, colour, contrast."""
    n = len(x)
    grey = (x * x.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, True)
    x = torch.where(col(chance(n, 0.2)), grey, x + (grey - x) * col(rand(n, -0.3, 0.5)))
    x = x * torch.where(col(chance(n, 0.3)), torch.exp(0.2 * torch.randn(n, 3, 1, 1, device=DEVICE)), x.new_ones(1))
    x = torch.where(col(chance(n, 0.4)), 255 * (x.clamp(0, 255) / 255 + 1e-4) ** col(wides(n, 0.4, 2.5)), x)
    x = torch.where(col(chance(n, 0.3)), (x - 128) * col(wides(n, 0.25, 1.8)) + 128, x)
    # From one side.
    gx, gy = plane(n, CROP, CROP)
    a, b = turned((gx - 55.5) / 56, (gy - 55.5) / 56, each(rand(n, 0, 2 * math.pi)))
    side = torch.exp(a * each(rand(n, 0, 1.2))).unsqueeze(1)
    return torch.where(col(chance(n, 0.15)), x * side, x)


def covered(x):
    """Masks, glasses, hands: something before the face."""
    n = len(x)
    gx, gy = plane(n, CROP, CROP)
    for _ in range(2):
        kind = torch.rand(n, device=DEVICE)
        cx, cy = rand(n, 5, 107), rand(n, 20, 115)
        rx, ry, a = rand(n, 6, 30), rand(n, 6, 30), rand(n, -0.6, 0.6)
        lower = kind < 0.3
        cx, cy = torch.where(lower, rand(n, 45, 66), cx), torch.where(lower, rand(n, 95, 115), cy)
        rx, ry, a = torch.where(lower, rand(n, 30, 70), rx), torch.where(lower, rand(n, 18, 45), ry), torch.where(lower, a / 4, a)
        eyes = (kind > 0.3) & (kind < 0.45)
        cx, cy = torch.where(eyes, rand(n, 50, 62), cx), torch.where(eyes, rand(n, 48, 56), cy)
        rx, ry, a = torch.where(eyes, rand(n, 28, 40), rx), torch.where(eyes, rand(n, 5, 11), ry), torch.where(eyes, a / 6, a)
        u, v = turned(gx - each(cx), gy - each(cy), each(a))
        p = each(torch.where(chance(n, 0.5), 2.0, 8.0))
        m = ((u / each(rx)).abs() ** p + (v / each(ry)).abs() ** p < 1).unsqueeze(1) & col(chance(n, 0.13))
        colour = torch.where(col(chance(n, 0.3)), 255 * rand(n, 0, 0.1).view(-1, 1, 1, 1), 255 * torch.rand(n, 3, 1, 1, device=DEVICE))
        colour = colour + torch.where(col(chance(n, 0.3)), 30 * torch.randn(n, 1, CROP, CROP, device=DEVICE), x.new_zeros(1))
        x = torch.where(m, colour, x)
    return x


def ground(pool, n, side):
    """What is behind: one colour, cloudy, or parts of other photos, magnified."""
    c = 255 * torch.rand(n, 3, 1, 1, device=DEVICE)
    g = c.expand(n, 3, side, side).clone()
    for cells in (3, 6, 12, 24):
        m = torch.randn(n, 3, cells, cells, device=DEVICE)
        m = m * 0.3 + 0.7 * m.mean(1, True)
        g += col(chance(n, 0.6)) * col(rand(n, 5, 60)) * F.interpolate(m, (side, side), mode="bilinear")
    x, y = plane(n, side, side)
    u, v = turned((x - side / 2) / side, (y - side / 2) / side, each(rand(n, 0, 2 * math.pi)))
    k = each(CROP / rand(n, 1.2, 5))
    o = look_up(pool[torch.randint(len(pool), (n,), device=DEVICE)].float(), u * k + each(rand(n, 0, CROP)), v * k + each(rand(n, 0, CROP)), "reflection")
    return torch.where(col(chance(n, 0.5)), o, g) * col(chance(n, 0.9))


def blurred(x, sigma):
    r = max(1, int(math.ceil(3 * sigma)))
    k = torch.exp(-0.5 * (torch.arange(-r, r + 1, device=DEVICE) / sigma) ** 2)
    k = (k / k.sum()).view(1, 1, 1, -1).expand(3, 1, 1, -1)
    r = min(r, x.shape[-1] - 1)
    k = k[..., k.shape[-1] // 2 - r:k.shape[-1] // 2 + r + 1]
    x = F.conv2d(F.pad(x, (r, r, 0, 0), "replicate"), k, groups=3)
    return F.conv2d(F.pad(x, (0, 0, r, r), "replicate"), k.transpose(2, 3), groups=3)


def moved(x, length, angle):
    r = max(1, int(math.ceil(length / 2)))
    k = torch.zeros(2 * r + 1, 2 * r + 1)
    for t in np.linspace(-length / 2, length / 2, 8 * r + 1):
        k[int(round(r + t * math.sin(angle))), int(round(r + t * math.cos(angle)))] += 1
    k = (k / k.sum()).to(DEVICE).view(1, 1, 2 * r + 1, -1).expand(3, 1, -1, -1)
    return F.conv2d(F.pad(x, (r, r, r, r), "replicate"), k, groups=3)


LUMA = torch.tensor([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56], [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92], [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99]], dtype=torch.float32)
CHROMA = torch.full((8, 8), 99.0)
CHROMA[:4, :4] = torch.tensor([[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]])
DCT = torch.tensor([[math.sqrt((1 if k == 0 else 2) / 8) * math.cos((2 * i + 1) * k * math.pi / 16) for i in range(8)] for k in range(8)])
YCC = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])


def jpeg(x, quality):
    """What JPEG leaves of pictures whose sides are multiples of 8."""
    n, _, h, w = x.shape
    y = torch.einsum("kc,nchw->nkhw", YCC.to(DEVICE), x.round().clamp(0, 255) - x.new_tensor([128.0]))
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    half = np.random.rand() < 0.5 and w % 16 == 0
    if half:
        colour = F.avg_pool2d(y[:, 1:], 2)
    out = []
    for p, table in ((y[:, :1], LUMA), (colour if half else y[:, 1:], CHROMA)):
        t = ((table * scale + 50) / 100).floor().clamp(1, 255).to(DEVICE)
        d = DCT.to(DEVICE)
        b = p.reshape(n, p.shape[1], p.shape[2] // 8, 8, p.shape[3] // 8, 8)
        f = torch.einsum("ki,ncyixj,lj->ncykxl", d, b, d)
        f = (f / t.view(1, 1, 1, 8, 1, 8)).round() * t.view(1, 1, 1, 8, 1, 8)
        out.append(torch.einsum("ki,ncykxl,lj->ncyixj", d, f, d).reshape(p.shape))
    if half:
        out[1] = F.interpolate(out[1], scale_factor=2, mode="bilinear")
    return torch.einsum("kc,nchw->nkhw", torch.linalg.inv(YCC).to(DEVICE), torch.cat(out, 1)) + 128


def spoiled(x, k):
    """Photos in which the crop takes k pixels, as poor ones are."""
    n, _, h, w = x.shape
    if np.random.rand() < 0.3:
        x = blurred(x, wide(0.4, 4.5) * k / CROP)
    if np.random.rand() < 0.1:
        x = moved(x, wide(2, 12) * k / CROP, np.random.uniform(0, math.pi))
    if np.random.rand() < 0.15:
        f = wide(0.2, 0.9)
        small = F.interpolate(x, (max(4, round(f * h)), max(4, round(f * w))), mode="bilinear", antialias=np.random.rand() < 0.7)
        x = F.interpolate(small, (h, w), mode=["bilinear", "bicubic"][np.random.randint(2)])
    x = torch.where(col(chance(n, 0.15)), x * col(wides(n, 0.04, 1)), x)
    s = col(wides(n, 1.5, 60) * chance(n, 0.3))
    x = x + s * torch.where(col(chance(n, 0.4)), torch.randn(n, 1, h, w, device=DEVICE), torch.randn(n, 3, h, w, device=DEVICE))
    dots = torch.rand(n, device=DEVICE)
    grey = x.mean(1, True)
    x = torch.where(col(dots < 0.02), 255.0 * (grey > 255 * torch.rand(n, 1, h, w, device=DEVICE)), x)
    bayer = x.new_tensor([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 * 255 + 8
    x = torch.where(col((dots > 0.02) & (dots < 0.035)), 255.0 * (grey > bayer.repeat(h // 4 + 1, w // 4 + 1)[:h, :w]), x)
    x = x.round().clamp(0, 255)
    if np.random.rand() < 0.4:
        x = jpeg(x, int(wide(4, 95)))
    return x.round().clamp(0, 255)


def photos(pool, n):
    """Photos, and the maps from the true crop to them: x, y of the middle, the
    scale and the roll."""
    k = CROP if np.random.rand() < 0.5 else wide(16, CROP)
    side = 8 * math.ceil(1.6 * k / 8)
    if np.random.rand() < 0.5:
        side = 16 * math.ceil(side / 16)
    face = lit(covered(pool[torch.randint(len(pool), (n,), device=DEVICE)].float()))
    small = max(8, round(k))
    if small < CROP:
        face = F.interpolate(face, (small, small), mode="bilinear", antialias=True)
    roll = torch.where(chance(n, 0.5), 0.15 * torch.randn(n, device=DEVICE), rand(n, -math.pi, math.pi))
    tx, ty = side / 2 + rand(n, -0.06 * k, 0.06 * k), side / 2 + rand(n, -0.06 * k, 0.06 * k)
    scale = small / CROP
    gx, gy = plane(n, side, side)
    x, y = turned(gx - each(tx), gy - each(ty), each(-roll))
    x, y = x / scale + MIDDLE[0], y / scale + MIDDLE[1]
    mirrored = torch.where(each(chance(n, 0.5)), 2 * MIRROR - x, x)
    seen = look_up(face, (mirrored + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5, "reflection")
    # Where it ends tells nothing of where it is.
    u, v = turned(x - each(MIDDLE[0] + 4 * torch.randn(n, device=DEVICE)), y - each(MIDDLE[1] - 4 + 5 * torch.randn(n, device=DEVICE)), each(rand(n, 0, math.pi)))
    far = chance(n, 0.35)
    rx, ry = torch.where(far, rand(n, 50, 90), rand(n, 35, 54)), torch.where(far, rand(n, 50, 90), rand(n, 35, 54))
    p = each(torch.where(chance(n, 0.5), 2.0, 6.0))
    inside = 1 - ((u / each(rx)).abs() ** p + (v / each(ry)).abs() ** p) ** (1 / p)
    alpha = (inside * each(wides(n, 2, 40)) + 0.5).clamp(0, 1).unsqueeze(1)
    x = alpha * seen + (1 - alpha) * ground(pool, n, side)
    x = spoiled(x, k)
    # A photo may end close to the face, and is black beyond, or repeats its edge.
    u, v = gx, gy
    for sign in (-1, 1):
        edge = torch.maximum if sign < 0 else torch.minimum
        ends = [each(sign * scale * torch.where(chance(n, 0.15), rand(n, 26, 60), 1e6)) for _ in range(2)]
        u, v = edge(u, each(tx) + ends[0]), edge(v, each(ty) + ends[1])
    black = ((u == gx) & (v == gy)).unsqueeze(1)
    x = torch.where(col(chance(n, 0.5)), x * black, look_up(x, u, v, "border"))
    return x, (tx, ty, torch.full_like(tx, scale), roll)


def starts(n):
    """How crops are off: x, y, logarithm of the scale, roll."""
    def mix(deviations, far):
        d = torch.stack([s * torch.randn(n, device=DEVICE) for s in deviations] + [f * rand(n, -1, 1) for f in far])
        return d.gather(0, which.unsqueeze(0))[0]
    which = torch.multinomial(torch.tensor([0.25, 0.25, 0.2, 0.25, 0.05], device=DEVICE), n, True)
    x, y = mix((1, 3, 6), (18, 35)), mix((1, 3, 6), (18, 35))
    s = mix((0.03, 0.08, 0.15), (0.4, 0.8))
    r = mix((0.04, 0.15, 0.6), (math.pi, math.pi))
    return x, y, s, r


def window(photo, true, off):
    """The disc of crops that are off."""
    n = len(photo)
    i, j = plane(n, SIDE, SIDE)
    step = WINDOW / SIDE
    x, y = (i - (SIDE - 1) / 2) * step - each(off[0]), (j - (SIDE - 1) / 2) * step - each(off[1])
    x, y = turned(x, y, each(true[3] - off[3]))
    k = each(true[2] * torch.exp(-off[2]))
    return look_up(photo, k * x + each(true[0]), k * y + each(true[1])).round()


def no_faces(pool, windows):
    """Parts of faces out of place, parts magnified, and patterns."""
    n = len(windows)
    parts = windows.view(n, 3, 4, SIDE // 4, 4, SIDE // 4).permute(0, 2, 4, 1, 3, 5).reshape(n, 16, 3, SIDE // 4, SIDE // 4)
    order = torch.rand(n, 16, device=DEVICE).argsort(1)
    parts = parts.gather(1, order.view(n, 16, 1, 1, 1).expand_as(parts))
    puzzle = parts.view(n, 4, 4, 3, SIDE // 4, SIDE // 4).permute(0, 3, 1, 4, 2, 5).reshape(n, 3, SIDE, SIDE)
    other = ground(pool, n, SIDE)
    i, j = plane(n, SIDE, SIDE)
    wave = (128 + 100 * torch.sin(each(rand(n, 0.05, 1.2)) * turned(i, j, each(rand(n, 0, math.pi)))[0] + each(rand(n, 0, 6)))).unsqueeze(1)
    which = torch.rand(n, device=DEVICE)
    x = torch.where(col(which < 0.35), puzzle, torch.where(col(which < 0.9), other, wave + 20 * torch.randn_like(windows)))
    return x.round().clamp(0, 255)


# The network.

@functools.cache
def disc():
    i, j = plane(1, SIDE, SIDE)
    middle = (SIDE - 1) / 2
    return ((i - middle) ** 2 + (j - middle) ** 2 < (SIDE / 2) ** 2).float().unsqueeze(1)


class Aligner(nn.Module):
    """Layers are (channels, stride)."""

    def __init__(self, layers, last, hidden):
        super().__init__()
        convs, n, side = [], 3, SIDE
        for c, stride in layers:
            convs += [nn.Conv2d(n, c, 3, stride, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU(inplace=True)]
            n, side = c, side // stride
        convs += [nn.Conv2d(n, last, 1, bias=False), nn.BatchNorm2d(last), nn.ReLU(inplace=True)]
        self.convs = nn.Sequential(*convs)
        self.head = nn.Sequential(nn.Linear(last * side * side, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, 7))
        nn.init.normal_(self.head[2].weight, std=0.01)
        with torch.no_grad():
            self.head[2].bias.copy_(torch.tensor([0, 0, 0, 1, 0, 0, 1.0]))

    def forward(self, x):
        """x, y over ten, logarithm of the scale, roll as a vector, logit of
        holding, logarithm of the deviation."""
        m = disc()
        area = m.sum() * 3
        x = x * m
        mean = x.sum((1, 2, 3), True) / area
        x = (x - mean) * m
        x = x / torch.sqrt((x * x).sum((1, 2, 3), True) / area + 4)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(DEVICE, torch.bfloat16, enabled=self.training):
            x = self.convs(x)
        return self.head(x.float().flatten(1))


def network():
    return Aligner([(24, 2), (48, 2), (48, 1), (80, 2), (80, 1), (80, 1), (112, 2)], 40, 96)


# What it is to say.

def read(o):
    u = o[:, 3:5] / (o[:, 3:5].norm(dim=1, keepdim=True) + 1e-6)
    return 10 * o[:, 0], 10 * o[:, 1], o[:, 2], u[:, 0], u[:, 1]


def rest(o, off):
    """What of how crops are off is left after the correction, in pixels of the
    true crop: N x 5."""
    x, y, s, c, n = read(o)
    dx, dy = turned(x - off[0], y - off[1], -off[3])
    k = torch.exp(-off[2])
    tc, ts = torch.cos(off[3]), torch.sin(off[3])
    return torch.stack([k * dx, k * dy, REACH * (s - off[2]), REACH * (c * tc + n * ts - 1), REACH * (n * tc - c * ts)], 1)


def again(o, off):
    """How crops are off after the correction."""
    r = rest(o.detach(), off)
    angle = torch.atan2(r[:, 4] / REACH, r[:, 3] / REACH + 1)
    # The map left from true to present crop is the inverse of the rest.
    s = r[:, 2] / REACH
    x, y = turned(-r[:, 0], -r[:, 1], -angle)
    k = torch.exp(-s)
    return k * x, k * y, -s, -angle


def length(r, least=0.1):
    return torch.sqrt((r * r).sum(1) + least)


def unlikely(o, r):
    d, log = length(r), o[:, 6].clamp(-3, 5)
    holds = (d.detach() < HOLDS).float()
    return d * torch.exp(-log) + log + F.binary_cross_entropy_with_logits(o[:, 5], holds, reduction="none")


def agree(a, b, o, p):
    """Two discs of one photo lead to one crop."""
    near = torch.exp(-torch.maximum(o[:, 6], p[:, 6]).detach().clamp(-3, 5))
    return length(a - b) * near


def windows(made, offs):
    """The discs of all photos, chunk by chunk, when the crops are so far off."""
    parts = zip(*(v.split([len(photo) for photo, _ in made]) for v in offs))
    return torch.cat([window(photo, true, off) for (photo, true), off in zip(made, parts)])


def loss_of(net, made, offs, first, bad):
    """The loss over two discs of each photo, as they are and after the
    network's own correction; and what tells how training goes."""
    n = len(offs[0][0])
    o = net(torch.cat([*first, bad]))
    no = F.binary_cross_entropy_with_logits(o[2 * n:, 5], o.new_zeros(len(bad)))
    o = o[:2 * n].view(2, n, 7)
    later = [tuple(torch.nan_to_num(v, 0, 0, 0).clamp(-60, 60) for v in again(a, off)) for a, off in zip(o, offs)]
    p = net(torch.cat([windows(made, x) for x in later])).view(2, n, 7)
    rests, lasts = [rest(a, off) for a, off in zip(o, offs)], [rest(a, x) for a, x in zip(p, later)]
    loss = sum(unlikely(a, r).mean() for a, r in zip(o, rests)) / 2 + sum(unlikely(a, r).mean() for a, r in zip(p, lasts))
    loss = loss + agree(*rests, *o).mean() / 2 + 2 * agree(*lasts, *p).mean() + no
    with torch.no_grad():
        tell = torch.stack([length(rests[0], 0).median(), length(lasts[0], 0).median(), length(lasts[0] - lasts[1], 0).median(),
                            (length(lasts[0], 0) < HOLDS).float().mean(), no])
    return loss, tell


def train(pool, steps, path, chunk):
    torch.manual_seed(0)
    np.random.seed(0)
    net = network().to(DEVICE).to(memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True)
    opt = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=1e-3)
    for step in range(steps):
        with torch.no_grad():
            if step % PER == 0:
                album = [photos(pool, chunk) for _ in range(CHUNKS)]
            made = album[step % 2::2]
            offs = [starts(len(made) * chunk) for _ in range(2)]
            first = [windows(made, off) for off in offs]
            bad = no_faces(pool, first[0][::4])
        for g in opt.param_groups:
            g["lr"] = RATE * min(1, (step + 1) / 300) * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 1e-6
        loss, tell = loss_of(net, made, offs, first, bad)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        mean.update_parameters(net)
        tells = 0.99 * tells + 0.01 * tell if step else tell
        if step % 500 == 499:
            print(step + 1, [round(v, 3) for v in tells.tolist()], flush=True)
            export(mean.module, path)
    return mean.module


# The model file.

def export(net, path):
    """Plain nodes: the batch norms are in the convolutions, and weights are
    kept in half precision, which moves a crop by a thousandth of a pixel."""
    nodes, weights = [], []

    def weight(name, value):
        value = np.ascontiguousarray(value, dtype=value.dtype if value.dtype == np.int64 else "f4")
        if value.ndim > 1 and name != "disc":
            weights.append(numpy_helper.from_array(value.astype("f2"), name + "_half"))
            return node("Cast", [name + "_half"], name, to=TensorProto.FLOAT)
        weights.append(numpy_helper.from_array(value, name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def value(tensor):
        return tensor.detach().double().cpu().numpy()

    m = value(disc())
    node("Mul", ["crop", weight("disc", m)], "seen")
    area = weight("area", np.array(m.sum() * 3))
    node("ReduceSum", ["seen", weight("axes", np.array([1, 2, 3], "i8"))], "sum", keepdims=1)
    node("Div", ["sum", area], "mean")
    node("Sub", ["seen", "mean"], "centred")
    x = node("Mul", ["centred", "disc"], "level")
    node("Mul", [x, x], "squares")
    node("ReduceSum", ["squares", "axes"], "power", keepdims=1)
    node("Div", ["power", area], "variance")
    node("Add", ["variance", weight("least", np.array(4.0))], "spread")
    node("Sqrt", ["spread"], "deviation")
    x = node("Div", [x, "deviation"], "normal")
    layers = list(net.convs)
    for i in range(0, len(layers), 3):
        conv, norm = layers[i], layers[i + 1]
        k = value(norm.weight) / np.sqrt(value(norm.running_var) + norm.eps)
        w = value(conv.weight) * k.reshape(-1, 1, 1, 1)
        b = value(norm.bias) - value(norm.running_mean) * k
        n = f"c{i // 3}"
        pad = conv.kernel_size[0] // 2
        x = node("Conv", [x, weight(n + "w", w), weight(n + "b", b)], n,
                 kernel_shape=list(conv.kernel_size), strides=list(conv.stride), pads=[pad] * 4)
        x = node("Relu", [x], n + "r")
    x = node("Flatten", [x], "flat")
    one, two = net.head[0], net.head[2]
    x = node("Gemm", [x, weight("h0w", value(one.weight)), weight("h0b", value(one.bias))], "h0", transB=1)
    x = node("Relu", [x], "h0r")
    scale = np.array([10, 10, 1, 1, 1, 1])
    w, b = value(two.weight)[:6] * scale[:, None], value(two.bias)[:6] * scale
    x = node("Gemm", [x, weight("h1w", w), weight("h1b", b)], "h1", transB=1)
    nodes.append(helper.make_node("Split", [x, weight("parts", np.array([2, 1, 2, 1], "i8"))], ["shift", "log", "roll", "logit"], axis=1))
    node("Exp", ["log"], "scale")
    node("Mul", ["roll", "roll"], "rolls")
    node("ReduceSum", ["rolls", weight("axis", np.array([1], "i8"))], "rolled", keepdims=1)
    node("Add", ["rolled", weight("tiny", np.array(1e-12))], "rolled1")
    node("Sqrt", ["rolled1"], "size")
    node("Div", ["scale", "size"], "stretch")
    node("Mul", ["roll", "stretch"], "turn")
    node("Sigmoid", ["logit"], "holds")
    node("Concat", ["shift", "turn", "holds"], "correction", axis=1)
    graph = helper.make_graph(
        nodes, "aligner",
        [helper.make_tensor_value_info("crop", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("correction", TensorProto.FLOAT, [1, 5])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def check(net, path, pool):
    """The file says what the network does, but for the half precision."""
    photo, true = photos(pool, 4)
    seen = window(photo, true, starts(4))
    with torch.no_grad():
        o = net.eval()(seen)
    x, y, s, c, n = read(o)
    k = torch.exp(s)
    want = torch.stack([x, y, k * c, k * n, torch.sigmoid(o[:, 5])], 1).cpu().numpy()
    run = ReferenceEvaluator(onnx.load(str(path))).run
    got = np.concatenate([run(None, {"crop": v[None]})[0] for v in seen.cpu().numpy()])
    off = np.abs(got - want).max()
    assert off < 0.05, f"the file is off by {off}"
    print(f"the file is off by {off:.2g}")


def main(folder, steps, path=HERE / "aligner.onnx", chunk=CHUNK):
    pool, path = crops(folder).to(DEVICE), pathlib.Path(path)
    net = train(pool, int(steps), path, int(chunk))
    export(net, path)
    check(net, path, pool)
    print(f"  - name: {path.name}\n    sha256: {hashlib.sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    main(*sys.argv[1:])
