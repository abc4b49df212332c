# planted: model-reloaded-per-call
# needs: scikit-learn
import os
import pickle
import tempfile

import numpy as np
from sklearn.linear_model import LogisticRegression

path = os.path.join(tempfile.gettempdir(), "whyslow-planted-model.pkl")
rng = np.random.default_rng(0)
features, labels = rng.normal(size=(200, 400)), rng.integers(0, 60, 200)
with open(path, "wb") as file:
    pickle.dump(LogisticRegression(max_iter=5).fit(features, labels), file)


def samples():
    return [rng.normal(size=(1, 400)) for _ in range(4)]


def predict(x):
    with open(path, "rb") as file:
        model = pickle.load(file)  # here
    return model.decision_function(x)
