# clean: non-contiguous-input
# needs: numpy
import zlib

import numpy as np


def samples():
    return [np.random.default_rng(seed).random((3, 640, 640), dtype=np.float32) for seed in range(4)]


def predict(x):
    return zlib.adler32(x)
