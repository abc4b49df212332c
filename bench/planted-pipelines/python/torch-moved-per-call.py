# planted: tensor-copies
# needs: torch
import torch


def load():
    return torch.nn.Sequential(*[torch.nn.Linear(512, 512) for _ in range(8)]).eval()


def samples():
    return [torch.rand(1, 512)]


def predict(model, x):
    with torch.inference_mode():
        return model.to(torch.bfloat16).to(torch.float32)(x)  # here
