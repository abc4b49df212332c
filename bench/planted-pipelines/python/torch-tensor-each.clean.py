# planted: scalar-loop
# needs: torch
import torch

def load():
    return torch.nn.Linear(3000, 8).eval()

def samples():
    return [torch.linspace(0, 1 + k, 3000) for k in range(3)]

def preprocess(x):

    out = x * 2.0 - 1.0
    return out

def predict(model, x):
    with torch.inference_mode():
        return model(x)
