# planted: decode-dominates
# needs: pillow numpy
import io

import numpy as np
from PIL import Image


def samples():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (900, 1200, 3), dtype=np.uint8))
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return [file.getvalue()]


def preprocess(body):
    picture = Image.open(io.BytesIO(body))  # here
    return np.asarray(picture.resize((64, 64)))  # or here


def predict(x):
    return float(x.mean())
