import numpy as np


def samples():
    return [np.arange(3000.0), np.arange(3000.0) + 1]


def preprocess(chunk):
    return chunk * 0.5


def predict(x):
    return x.sum()
