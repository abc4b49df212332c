# planted: scalar-loop
# needs: numpy
import numpy as np


def samples():
    return [np.random.default_rng(k).random(150_000) for k in range(2)]


def preprocess(x):
    return list(map(lambda v: v * 2.0 - 1.0, x))  # here


def predict(values):
    return values[3]
