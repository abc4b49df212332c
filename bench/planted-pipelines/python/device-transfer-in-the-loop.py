# planted: device-transfer-in-the-loop
# needs: torch
import torch


def samples():
    return [torch.rand(20_000) for _ in range(2)]


def postprocess(scores):
    found = []
    for score in scores:
        found.append(score.item())  # here
    return found


def predict(x):
    return x.sqrt()
