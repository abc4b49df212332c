# needs: torch
"""Finds defects in small gray pictures: an encoder and a decoder with skips, behind a class with a method."""
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def pair(inside, outside):
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU(), nn.Conv2d(outside, outside, 3, padding=1), nn.ReLU()
    )


class Segmenter(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.middle = pair(1, 8), pair(8, 16), pair(16, 32)
        self.up2, self.up1 = pair(48, 16), pair(24, 8)
        self.last = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        c = self.middle(F.max_pool2d(b, 2))
        d = self.up2(torch.cat([F.interpolate(c, scale_factor=2.0), b], 1))
        e = self.up1(torch.cat([F.interpolate(d, scale_factor=2.0), a], 1))
        return {"mask": torch.sigmoid(self.last(e)), "score": c.amax((1, 2, 3))}


class Detector:
    def __init__(self):
        torch.manual_seed(3)
        self.net = Segmenter().eval()

    def find(self, picture):
        with torch.no_grad():
            found = self.net(torch.tensor(picture, dtype=torch.float32)[None, None] / 255.0)
        mask = found["mask"][0, 0].numpy()
        return {"area": float(mask.mean()), "score": found["score"].item(), "brightest": int(mask.argmax())}


detector = Detector()


def predict(picture):
    return detector.find(picture)


def samples():
    random = np.random.default_rng(2)
    return [random.integers(0, 256, (48, 48), dtype=np.uint8) for _ in range(6)]
