"""Trains a small network of convolutions on scikit-learn's digits and writes digits.h5, and digits.npz with the images that it was not trained on, into the named folder."""
import os
import sys

import keras
import numpy as np
from sklearn.datasets import load_digits

keras.utils.set_random_seed(1)
digits = load_digits()
pictures = (digits.images / 16).astype("float32")[..., None]
order = np.random.default_rng(1).permutation(len(pictures))
train, test = order[:1300], order[1300:]

model = keras.Sequential([
    keras.layers.Input((8, 8, 1), name="picture"),
    keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
    keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
    keras.layers.MaxPooling2D(),
    keras.layers.Conv2D(128, 3, padding="same", activation="relu"),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(128, activation="relu"),
    keras.layers.Dense(10, activation="softmax", name="digit"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(pictures[train], digits.target[train], epochs=12, batch_size=32, verbose=0)
print("accuracy %.4f" % model.evaluate(pictures[test], digits.target[test], verbose=0)[1])
folder = sys.argv[1] if len(sys.argv) > 1 else "."
model.save(os.path.join(folder, "digits.h5"))
np.savez(os.path.join(folder, "digits.npz"), picture=pictures[test], label=digits.target[test])
