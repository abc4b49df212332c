# clean: array-of-numbers-input
# needs: numpy
import numpy as np


def samples():
    return [np.random.default_rng(seed).random(100_000).astype(np.float32).tobytes() for seed in range(4)]


def preprocess(body):
    return np.frombuffer(body, dtype=np.float32)


def predict(x):
    return float(x.sum())
