// A file with `model()`, as users write it: two layers with a block in between.

export const torchProgram = `
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)

    def forward(self, value):
        return value + self.inner(self.norm(value))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 16)
        self.blocks = nn.ModuleList([Block(16), Block(16)])
        self.last = nn.Linear(16, 3)

    def forward(self, x):
        value = torch.relu(self.first(x))
        for block in self.blocks:
            value = block(value)
        return self.last(value)


def model():
    return Net().eval()


def example_inputs():
    return (torch.ones(2, 8),)
`
