# planted: layout-shuffle
# needs: numpy
import numpy as np

H, W, C = 64, 64, 3


def samples():
    return [np.random.default_rng(seed).integers(0, 255, (H, W, C), dtype=np.uint8) for seed in range(4)]


def preprocess(image):
    planes = np.empty((C, H, W), dtype=np.float32)
    for y in range(H):  # here
        for x in range(W):
            for c in range(C):
                planes[c, y, x] = image[y, x, c] / 255.0
    return planes


def predict(x):
    return x.mean()
