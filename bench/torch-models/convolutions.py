# Kernels that take longer than starting them.
import torch
from torch import nn


def block(ins, outs, stride):
    return nn.Sequential(nn.Conv2d(ins, outs, 3, stride, 1, bias=False), nn.BatchNorm2d(outs), nn.ReLU())


def model():
    sizes = [(3, 24, 2), (24, 48, 2), (48, 96, 2), (96, 96, 1), (96, 192, 2), (192, 192, 1)]
    return nn.Sequential(*(block(*one) for one in sizes), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(192, 10)).eval()


def example_inputs():
    return (torch.randn(1, 3, 128, 128),)
