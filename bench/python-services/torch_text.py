# needs: torch
"""Sorts tickets into queues: words hashed to ids, two layers of attention, one text at a time."""
import re
import zlib

import torch
from torch import nn

QUEUES = ["billing", "delivery", "returns", "account", "other"]


class Classifier(nn.Module):
    def __init__(self, words=4096, width=96):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.places = nn.Embedding(256, width)
        layer = nn.TransformerEncoderLayer(width, 4, 192, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, len(QUEUES))

    def forward(self, ids):
        x = self.words(ids) + self.places(torch.arange(ids.shape[1], device=ids.device))
        return self.head(self.encoder(x).mean(1))


_model = None


def get_model():
    global _model
    if _model is None:
        torch.manual_seed(5)
        _model = Classifier()
        _model.eval()
    return _model


def predict(text):
    ids = [zlib.crc32(word.encode()) % 4096 for word in re.findall(r"\w+", text.lower())]
    with torch.no_grad():
        scores = get_model()(torch.tensor([ids])).softmax(1)[0]
    best = int(scores.argmax())
    return {"queue": QUEUES[best], "score": scores[best].item()}


def samples():
    return [
        "My parcel has not arrived although the tracking page said yesterday that it was delivered to a neighbour",
        "I was charged twice for the same order, please refund one of both payments",
        "How do I change the address of my account? The page gives an error whenever I try to save the new one",
        "The shoes are too small. Can I send them back and get the next size, or do I have to order again?",
    ]
