# clean: decode-dominates
# needs: pillow numpy
import numpy as np


def samples():
    return [np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)]


def predict(x):
    return float(np.sort(x.reshape(-1)).mean())
