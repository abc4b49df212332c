# planted: growing-array
# needs: numpy
import numpy as np


def samples():
    return [list(range(1_500)) for _ in range(4)]


def predict(values):
    out = np.array([])
    for value in values:
        out = np.append(out, str(value).count("1"))  # here
    return out.sum()
