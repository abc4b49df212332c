# clean: training-mode
# needs: torch
import torch


def load():
    return torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(64, 4)).eval()


def samples():
    return [torch.ones(4, 64)]



def predict(model, x):
    with torch.inference_mode():
        return model(x)
