# planted: sequential-calls
# needs: torch
import torch


def load():
    return torch.nn.Sequential(torch.nn.Linear(32, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2)).eval()


def samples():
    return [torch.rand(40, 32) for _ in range(3)]


def predict(model, rows):
    found = []
    with torch.inference_mode():
        for row in rows:
            found.append(model(row[None]))  # here
    return torch.cat(found)
