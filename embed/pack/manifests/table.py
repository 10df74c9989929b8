"""The calibration table of a pack: of strangers' good photos, how often two reach
a cosine. People are weighted alike, and below a rate of 1e-4 it is an exponential
tail fitted by maximum likelihood, as package calibration fits it to a sample."""

import numpy as np

RATES = [0.99, 0.95, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.05, 0.02, 0.01,
         5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4]
START, LAST, BINS, SUSPECT = RATES[-1], 1e-8, 8000, 0.1


class Table:
    """From the probes and templates of photos of people."""

    def __init__(self, probes, templates, person):
        weight, count = 1 / np.bincount(person)[person], np.zeros(BINS)
        for i in range(0, len(probes), 500):
            rows = slice(i, i + 500)
            other = person[rows, None] != person
            at = ((probes[rows] @ templates.T)[other] + 1) * (BINS / 2)
            count += np.bincount(np.clip(at, 0, BINS - 1).astype("i4"), (weight[rows, None] * weight)[other], BINS)
        # Each pair of people is there from both sides.
        self.pairs = count.sum() / 2
        self.edges = np.linspace(-1, 1, BINS + 1)
        self.above = np.r_[np.cumsum(count[::-1])[::-1], 0] / count.sum()
        low = self.cosine(START)
        decay = np.log(2) / (self.cosine(START / 2) - low)
        for _ in range(5):
            high = min(1, low + np.log(START * self.pairs / SUSPECT) / decay)
            at = np.linspace(low, high, 2000)
            beyond = self.rate(high)
            decay = (START - beyond) / (np.trapezoid(self.rate(at), at) - beyond * (high - low))
        self.knots = [(-1, 1)] + [(self.cosine(r), r) for r in RATES] + [(low + np.log(START / LAST) / decay, LAST)]

    def rate(self, cosine):
        return np.interp(cosine, self.edges, self.above)

    def cosine(self, rate):
        return np.interp(np.log(rate), np.log(np.maximum(self.above[::-1], 1e-300)), self.edges[::-1])

    def measured(self):
        """The rate that 30 pairs show (the rule of 30)."""
        return 30 / self.pairs
