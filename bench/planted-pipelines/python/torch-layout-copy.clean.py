# planted: layout-shuffle
# needs: torch
import torch


def load():
    return torch.nn.Conv2d(3, 4, 3, stride=4).eval()


def samples():
    return [torch.rand(24, 32, 3) for _ in range(3)]


def preprocess(image):
    return image.permute(2, 0, 1).contiguous()


def predict(model, x):
    with torch.inference_mode():
        return model(x[None])
