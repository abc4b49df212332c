# clean: scalar-loop
# needs: numpy
import numpy as np


def samples():
    return [np.random.default_rng(seed).random(60_000) for seed in range(4)]


def preprocess(signal):
    return signal * 2.0 + 1.0


def predict(x):
    return float(np.dot(x, x))
