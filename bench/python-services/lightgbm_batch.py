# needs: lightgbm
"""Prices for a whole catalogue page: a thousand rows of LightGBM in one call."""
import os

import lightgbm as lgb
import numpy as np


class PriceService:
    def __init__(self, folder):
        self.model = lgb.Booster(model_file=os.path.join(folder, "price.txt"))

    def prices(self, rows):
        return self.model.predict(rows)


def load():
    return PriceService(os.path.join(os.path.dirname(__file__), "models"))


def predict(service, rows):
    return service.prices(rows)


def samples():
    random = np.random.default_rng(6)
    return [random.normal(size=(1000, 40)) for _ in range(4)]
