# planted: model-reloaded-per-call
# needs: torch
import os
import tempfile

import torch

FILE = os.path.join(tempfile.gettempdir(), "whyslow-planted-weights.pt")


def net():
    return torch.nn.Sequential(torch.nn.Linear(256, 512), torch.nn.ReLU(), torch.nn.Linear(512, 4))


torch.manual_seed(1)
torch.save(net().state_dict(), FILE)


def samples():
    return [torch.ones(1, 256)]


def predict(x):
    model = net()  # here
    model.load_state_dict(torch.load(FILE))  # here
    model.eval()
    with torch.inference_mode():
        return model(x)
