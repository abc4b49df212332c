# needs: torch
"""A classifier of product photos: a residual network in plain PyTorch."""
import numpy as np
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outside)
        self.short = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

    def forward(self, x):
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + self.short(x))


class Net(nn.Module):
    def __init__(self, classes=12):
        super().__init__()
        widths = [16, 24, 32, 48, 64]
        self.stem = nn.Conv2d(3, widths[0], 3, 2, 1)
        self.blocks = nn.Sequential(*(Block(a, b, 1 if at % 2 else 2) for at, (a, b) in enumerate(zip(widths, widths[1:]))))
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x):
        return self.head(self.blocks(torch.relu(self.stem(x))).mean((2, 3)))


MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
torch.manual_seed(0)
model = Net()
model.eval()


def predict(image):
    x = (torch.from_numpy(image).permute(2, 0, 1).float() / 255 - MEAN) / STD
    logits = model(x.unsqueeze(0))
    scores = torch.softmax(logits, dim=1)[0]
    return [round(float(one), 4) for one in scores]


def samples():
    random = np.random.default_rng(1)
    return [random.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(6)]
