"""What recognisers are shown of an aligned crop (package embed has the same): one
without contrast is stretched, and so is a colour that has hardly any, and one full of
noise is smoothed."""

import cv2
import numpy as np

# From trust.py's photos of people that are spoiled to fit the doubt: of those as they
# are, none has less contrast than this, a colour with a lesser share of it, or more noise;
# see docs/adr/0037.
CONTRAST, BALANCE, NOISE = 28.0, 0.35, 0.13
LEAST, DEEP = 1.0, 2.0
KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], "f8")
BINOMIAL = np.array([1, 6, 15, 20, 15, 6, 1], "f8") / 64


def contrast(x):
    """The greatest deviation of a colour."""
    return x.reshape(-1, 3).std(0).max()


def noise(x):
    """The deviation that noise has (Immerkær, 1996), against the contrast."""
    ripples = np.abs(cv2.filter2D(x, -1, KERNEL)[1:-1, 1:-1]).mean()
    return np.sqrt(np.pi / 2) / 6 * ripples / max(contrast(x), LEAST)


def stretched(x):
    """With so much contrast, of which each colour has a share; what lies below a colour's
    values is black."""
    deviation = x.std((0, 1))
    most = max(deviation.max(), LEAST)
    gain = max(1, CONTRAST / most) * np.maximum(1, BALANCE * most / np.maximum(deviation, LEAST))
    if gain.max() <= 1:
        return x
    black = np.where(gain > 1, np.maximum(0, x.mean((0, 1)) - DEEP * deviation), 0)
    return np.clip(gain * (x - black) + black / gain, 0, 255)


def smoothed(x):
    share = min(1, noise(x) / NOISE - 1)
    if share <= 0:
        return x
    return x + share * (cv2.sepFilter2D(x, -1, BINOMIAL, BINOMIAL, borderType=cv2.BORDER_REPLICATE) - x)


def enhanced(crop):
    return smoothed(stretched(crop.astype("f8"))).astype("f4")
