# needs: xgboost
"""Is this payment a fraud? One row of XGBoost for each request."""
import os

import numpy as np
import xgboost as xgb

booster = xgb.Booster()
booster.load_model(os.path.join(os.path.dirname(__file__), "models", "fraud.ubj"))


def predict(features):
    row = np.array([features], dtype=np.float32)
    matrix = xgb.DMatrix(row)
    return float(booster.predict(matrix)[0])


def samples():
    random = np.random.default_rng(4)
    return [random.normal(size=24).tolist() for _ in range(32)]
