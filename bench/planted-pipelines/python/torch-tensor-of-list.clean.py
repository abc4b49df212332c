# planted: array-of-numbers-input
# needs: torch numpy
import numpy as np
import torch


def load():
    return torch.nn.Linear(20_000, 8).eval()


def samples():
    return [np.full(20_000, 0.5 + k, np.float32) for k in range(3)]


def predict(model, values):
    x = torch.from_numpy(values)
    with torch.inference_mode():
        return model(x)
