# clean: growing-array
# needs: numpy
import numpy as np


def samples():
    return [list(range(1_500)) for _ in range(4)]


def predict(values):
    out = []
    for value in values:
        out.append(str(value).count("1"))
    return sum(out)
