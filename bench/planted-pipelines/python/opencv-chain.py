# planted: image-transforms
# needs: numpy opencv
import cv2
import numpy as np

MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)


def samples():
    random = np.random.default_rng(1)
    return [random.integers(0, 256, (240, 240, 3), dtype=np.uint8) for _ in range(3)]


def preprocess(image):
    image = cv2.resize(image, (224, 224))
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)  # here
    x = image.astype(np.float32) / 255.0  # or here
    x = (x - MEAN) / STD
    x = np.transpose(x, (2, 0, 1))
    return np.ascontiguousarray(x[np.newaxis])


def predict(x):
    return x[0, :, ::32, ::32].sum()
