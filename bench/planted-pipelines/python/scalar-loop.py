# planted: scalar-loop
# needs: numpy
import numpy as np


def samples():
    return [np.random.default_rng(seed).random(60_000) for seed in range(4)]


def preprocess(signal):
    scaled = np.zeros(len(signal))
    for i in range(len(signal)):  # here
        scaled[i] = signal[i] * 2.0 + 1.0
    return scaled


def predict(x):
    return float(np.dot(x, x))
