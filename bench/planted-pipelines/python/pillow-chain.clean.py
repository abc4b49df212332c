# needs: numpy pillow
import numpy as np
from PIL import Image


def samples():
    random = np.random.default_rng(1)
    return [Image.fromarray(random.integers(0, 256, (240, 240, 3), dtype=np.uint8)) for _ in range(3)]


def preprocess(image):
    pixels = np.asarray(image.crop((8, 8, 232, 232)))
    planes = np.empty((1, 3, 224, 224), np.float32)
    np.multiply(pixels.transpose(2, 0, 1), np.float32(1 / 127.5), out=planes[0])
    planes -= 1
    return planes


def predict(x):
    return x[0, :, ::32, ::32].sum()
