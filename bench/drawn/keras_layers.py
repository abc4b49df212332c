"""Keras models as .keras or .h5, and what Keras predicts: python keras_layers.py FOLDER SEED COUNT."""
import sys

from cases import Cases
from keras_networks import draw, network, seeded

FOLDER, SEED, COUNT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
seeded(SEED)
cases = Cases(FOLDER)


def one():
    model, rows, outputs, told = network()
    cases.add(draw.choice(["keras", "h5"]), model.save, rows, outputs, told)


for _ in range(COUNT):
    cases.drawn(one)
cases.done()
