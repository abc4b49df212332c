# planted: array-of-numbers-input
# needs: numpy
import numpy as np


def samples():
    return [np.random.default_rng(seed).random(100_000).tolist() for seed in range(4)]


def preprocess(numbers):
    return np.array(numbers, dtype=np.float32)  # here


def predict(x):
    return float(x.sum())
