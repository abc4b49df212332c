# planted: dataframe-per-row
# needs: pandas
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)


def samples():
    return [pd.DataFrame({"price": rng.random(800), "count": rng.integers(1, 9, 800)}) for _ in range(4)]



def preprocess(df):
    total = []
    for _, row in df.iterrows():  # here
        total.append(row["price"] * row["count"])
    return np.asarray(total)


def predict(x):
    return x.mean()
