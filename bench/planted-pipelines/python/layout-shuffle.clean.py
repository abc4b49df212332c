# clean: layout-shuffle
# needs: numpy
import numpy as np

H, W, C = 64, 64, 3


def samples():
    return [np.random.default_rng(seed).integers(0, 255, (H, W, C), dtype=np.uint8) for seed in range(4)]


def preprocess(image):
    return np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)


def predict(x):
    return x.mean()
