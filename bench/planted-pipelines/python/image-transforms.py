# planted: image-transforms
# needs: torchvision pillow
import numpy as np
from PIL import Image
from torchvision import transforms

prepare = transforms.Compose(
    [
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
)


def samples():
    random = np.random.default_rng(1)
    return [Image.fromarray(random.integers(0, 256, (256, 256, 3), dtype=np.uint8)) for _ in range(3)]


def predict(image):
    return prepare(image)[None]  # here
