# clean: dataframe-conversion
# needs: pandas
import numpy as np

NAMES = ["a", "b", "c", "d", "e", "f"]
WEIGHTS = np.arange(6.0)
row = np.empty((1, 6))


def samples():
    return [{"a": 1.0, "b": 2.0, "c": i, "d": 3.0, "e": 0.5, "f": 7.0} for i in range(8)]


def preprocess(request):
    row[0] = [request[name] for name in NAMES]
    return row


def predict(x):
    return x @ WEIGHTS
