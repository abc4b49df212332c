import numpy as np


def samples():
    return [np.random.default_rng(k).random(150_000) for k in range(2)]


def preprocess(x):
    return x * 2.0 - 1.0


def predict(values):
    return values[3]
