# planted: thread-oversubscription
# needs: torch
import os

import torch

torch.set_num_threads(8 * (os.cpu_count() or 1))  # here


def load():
    return torch.nn.Sequential(torch.nn.Linear(2048, 2048), torch.nn.ReLU(), torch.nn.Linear(2048, 2048)).eval()


def samples():
    return [torch.rand(64, 2048)]


def predict(model, x):
    with torch.inference_mode():
        return model(x)  # or here
