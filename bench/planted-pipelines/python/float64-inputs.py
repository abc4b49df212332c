# planted: float64-inputs
# needs: numpy
import numpy as np

weights = np.ones(64, np.float32)


def samples():
    return [np.random.default_rng(seed).integers(0, 255, (4000, 64), dtype=np.uint8) for seed in range(4)]


def preprocess(pixels):
    scaled = pixels / 255.0
    return scaled.astype(np.float32)  # here


def predict(x):
    return x @ weights
