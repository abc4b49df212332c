# clean: dataframe-per-row
# needs: pandas
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)


def samples():
    return [pd.DataFrame({"price": rng.random(800), "count": rng.integers(1, 9, 800)}) for _ in range(4)]



def preprocess(df):
    return df["price"].to_numpy() * df["count"].to_numpy()


def predict(x):
    return np.sort(np.tile(x, 200)).mean()
