# planted: layout-shuffle
# needs: torch
import torch


def load():
    return torch.nn.Conv2d(3, 4, 3, stride=4).eval()


def samples():
    return [torch.rand(24, 32, 3) for _ in range(3)]


def preprocess(image):
    planes = torch.empty(3, 24, 32)
    for c in range(3):  # here
        for y in range(24):  # or here
            for x in range(32):  # or here
                planes[c, y, x] = image[y, x, c]  # or here
    return planes


def predict(model, x):
    with torch.inference_mode():
        return model(x[None])
