# planted: dataframe-conversion
# needs: pandas
import numpy as np
import pandas as pd

WEIGHTS = np.arange(6.0)


def samples():
    return [{"a": 1.0, "b": 2.0, "c": i, "d": 3.0, "e": 0.5, "f": 7.0} for i in range(8)]


def preprocess(request):
    frame = pd.DataFrame([request])  # here
    return frame.to_numpy()


def predict(x):
    return x @ WEIGHTS
