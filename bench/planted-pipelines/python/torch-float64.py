# planted: tensor-copies
# needs: torch numpy
import numpy as np
import torch


def load():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 224 * 224, 4)).eval()


def samples():
    return [np.zeros((224, 224, 3), np.uint8) + k for k in range(3)]


def preprocess(pixels):
    scaled = np.array(pixels, np.float64) / 255.0  # here
    return torch.from_numpy(scaled).float()  # or here


def predict(model, x):
    with torch.inference_mode():
        return model(x[None])
