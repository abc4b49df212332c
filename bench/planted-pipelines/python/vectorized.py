# planted: scalar-loop
# needs: numpy
import math

import numpy as np


def sigmoid(v):
    return 1.0 / (1.0 + math.exp(-v))  # or here


squash = np.vectorize(sigmoid)


def samples():
    return [np.random.default_rng(k).random(100_000) for k in range(2)]


def predict(x):
    return squash(x)  # here
