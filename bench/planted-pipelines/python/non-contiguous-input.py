# planted: non-contiguous-input
# needs: numpy
import zlib

import numpy as np


def samples():
    return [np.random.default_rng(seed).random((640, 640, 3), dtype=np.float32) for seed in range(4)]


def preprocess(image):
    return image.transpose(2, 0, 1)


def predict(x):
    return zlib.adler32(x.tobytes())  # here
