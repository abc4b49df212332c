# planted: scalar-loop
# needs: nothing
import math


def samples():
    return [[(seed + i) % 17 / 17 for i in range(40_000)] for seed in range(4)]


def softmax(values):
    top = max(values)
    return [math.exp(value - top) for value in values]  # here


def predict(x):
    e = softmax(x)
    return sum(e)
