# planted: predict-call-overhead
# needs: keras
import keras
import numpy as np


def load():
    inputs = keras.Input((16,))
    return keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Dense(32, activation="relu")(inputs)))


def samples():
    return [np.random.default_rng(seed).random((1, 16), dtype=np.float32) for seed in range(4)]



def predict(model, x):
    return model.predict(x, verbose=0)  # here
