# planted: repeated-prediction
# needs: sklearn numpy
import numpy as np
from sklearn.ensemble import GradientBoostingClassifier


def load():
    rows = np.random.default_rng(1).normal(size=(600, 20))
    return GradientBoostingClassifier(n_estimators=150).fit(rows, np.where(rows[:, 0] > 0, "fraud", "fine"))


def samples():
    source = np.random.default_rng(2)
    return [source.normal(size=(400, 20)) for _ in range(4)]


def predict(model, rows):
    labels = model.predict(rows)  # here
    scores = model.predict_proba(rows).max(axis=1)  # here
    return list(zip(labels.tolist(), scores.tolist()))
