# planted: image-transforms
# needs: numpy pillow
import numpy as np
from PIL import Image


def samples():
    random = np.random.default_rng(1)
    return [Image.fromarray(random.integers(0, 256, (240, 240, 3), dtype=np.uint8)) for _ in range(3)]


def preprocess(image):
    small = image.crop((8, 8, 232, 232))
    x = np.array(small, dtype=np.float64)  # here
    x /= 127.5
    x -= 1.0
    x = x.transpose(2, 0, 1)[None].astype(np.float32)
    return x


def predict(x):
    return x[0, :, ::32, ::32].sum()
