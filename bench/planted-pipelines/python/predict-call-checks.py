# planted: predict-call-overhead
# needs: sklearn
import numpy as np
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler


def load():
    x = np.random.default_rng(1).normal(size=(500, 20))
    steps = [SimpleImputer(), StandardScaler(), MinMaxScaler(), PCA(8), LogisticRegression()]
    return make_pipeline(*steps).fit(x, x[:, 0] > 0)


def samples():
    return [np.random.default_rng(seed).normal(size=(1, 20)) for seed in range(8)]


def predict(model, x):
    return model.predict(x)  # here
