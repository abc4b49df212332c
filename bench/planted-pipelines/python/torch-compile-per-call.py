# planted: retracing
# needs: torch
import torch


def load():
    return torch.nn.Sequential(torch.nn.Linear(32, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2)).eval()


def samples():
    return [torch.ones(1, 32)]


def predict(model, x):
    compiled = torch.compile(model, backend="eager", fullgraph=True)  # here
    torch._dynamo.reset()
    with torch.inference_mode():
        return compiled(x)  # or here
