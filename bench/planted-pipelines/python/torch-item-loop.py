# planted: device-transfer-in-the-loop
# needs: torch
import torch

NAMES = ["label %d" % k for k in range(4000)]


def load():
    return torch.nn.Linear(64, 4000).eval()


def samples():
    return [torch.ones(1, 64)]


def predict(model, x):
    with torch.inference_mode():
        return model(x)[0]


def postprocess(scores):
    named = {}
    for k in range(len(NAMES)):
        named[NAMES[k]] = scores[k].item()  # here
    return named
