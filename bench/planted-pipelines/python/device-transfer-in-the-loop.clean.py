# clean: device-transfer-in-the-loop
# needs: torch
import torch


def samples():
    return [torch.rand(20_000) for _ in range(2)]


def postprocess(scores):
    return scores.tolist()


def predict(x):
    return x.sort().values
