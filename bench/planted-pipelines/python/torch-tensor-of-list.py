# planted: array-of-numbers-input
# needs: torch
import torch


def load():
    return torch.nn.Linear(20_000, 8).eval()


def samples():
    return [[0.5 + k] * 20_000 for k in range(3)]


def predict(model, values):
    x = torch.tensor(values)  # here
    with torch.inference_mode():
        return model(x)
