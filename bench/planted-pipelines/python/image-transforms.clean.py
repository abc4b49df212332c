# planted: image-transforms
# needs: torchvision pillow
import numpy as np
import torch
from PIL import Image
from torchvision import transforms

crop = transforms.CenterCrop(224)
MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1)
STD = np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1)
SCALE, BIAS = 1 / (255 * STD), -MEAN / STD


def samples():
    random = np.random.default_rng(1)
    return [Image.fromarray(random.integers(0, 256, (256, 256, 3), dtype=np.uint8)) for _ in range(3)]


def predict(image):
    pixels = np.asarray(crop(image))
    planes = np.empty((3, *pixels.shape[:2]), np.float32)
    np.multiply(pixels.transpose(2, 0, 1), SCALE, out=planes)
    planes += BIAS
    return torch.from_numpy(planes)[None]
