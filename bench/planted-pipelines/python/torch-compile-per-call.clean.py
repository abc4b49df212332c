# planted: retracing
# needs: torch
import torch


def load():
    model = torch.nn.Sequential(torch.nn.Linear(32, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2)).eval()
    return torch.compile(model, backend="eager", fullgraph=True)


def samples():
    return [torch.ones(1, 32)]


def predict(model, x):
    with torch.inference_mode():
        return model(x)
