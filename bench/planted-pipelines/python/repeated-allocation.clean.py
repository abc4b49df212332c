# clean: repeated-allocation
# needs: numpy
import numpy as np

padded = np.full((2000, 1000), -1.0, dtype=np.float32)


def samples():
    return [np.random.default_rng(seed).random(1000, dtype=np.float32) for seed in range(4)]


def preprocess(x):
    padded[0] = x
    return padded


def predict(x):
    return float(x[0].sum())
