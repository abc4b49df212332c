# clean: wrapper-overhead
# needs: lightgbm pandas
import lightgbm as lgb
import numpy as np
import pandas as pd

NAMES = ["amount", "age_days", "distance_km", "attempts", "hour"]


def load():
    source = np.random.default_rng(1)
    x = source.normal(size=(2000, 5))
    y = (x[:, 0] * x[:, 1] + x[:, 2] > 0).astype(np.float32)
    return lgb.train({"objective": "binary", "verbosity": -1}, lgb.Dataset(pd.DataFrame(x, columns=NAMES), y), 100)


def samples():
    source = np.random.default_rng(2)
    return [source.normal(size=(1, 5)) for _ in range(16)]


def predict(model, payment):
    return float(model.predict(payment, num_threads=1)[0])
