# needs: numpy opencv
import cv2
import numpy as np

MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
SCALE, BIAS = (1 / (255 * STD)).reshape(3, 1, 1), (-MEAN / STD).reshape(3, 1, 1)


def samples():
    random = np.random.default_rng(1)
    return [random.integers(0, 256, (240, 240, 3), dtype=np.uint8) for _ in range(3)]


def preprocess(image):
    pixels = cv2.resize(image, (224, 224))[..., ::-1]
    planes = np.empty((1, 3, 224, 224), np.float32)
    np.multiply(pixels.transpose(2, 0, 1), SCALE, out=planes[0])
    planes += BIAS
    return planes


def predict(x):
    return x[0, :, ::32, ::32].sum()
