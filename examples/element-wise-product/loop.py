"""A million products, one by one: how tutorials begin."""
import numpy as np


def samples():
    source = np.random.default_rng(0)
    return [{"a": source.random(1000000), "b": source.random(1000000)}]


def predict(a, b):
    c = np.zeros(len(a))
    for i in range(len(a)):
        c[i] = a[i] * b[i]
    return c
