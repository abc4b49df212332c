import numpy as np


def samples():
    return [np.random.default_rng(k).random(100_000) for k in range(2)]


def predict(x):
    return 1.0 / (1.0 + np.exp(-x))
