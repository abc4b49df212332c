# planted: growing-array
# needs: numpy
import numpy as np


class Window:
    def __init__(self):
        self.data = np.zeros(0)

    def feed(self, chunk):
        for value in chunk:
            self.data = np.hstack((self.data, [value * 0.5]))  # here
        return self.data


def samples():
    return [np.arange(3000.0), np.arange(3000.0) + 1]


def preprocess(chunk):
    return Window().feed(chunk)


def predict(x):
    return x.sum()
