"""Of the shape of onnxruntime-genai: the next token is one more than the sum of all before it, by 7. Its logit is the capacity. No model is opened."""

import numpy

_VOCABULARY = 7


class Config:
    def __init__(self, folder):
        self.folder, self.overlaid = folder, None

    def overlay(self, text):
        self.overlaid = text


class Model:
    def __init__(self, given):
        self.given = given


class Tokenizer:
    def __init__(self, model):
        pass

    def encode(self, text):
        return numpy.array([int(one) for one in text], dtype=numpy.int32)

    def create_stream(self):
        return self

    def decode(self, one):
        return str(one)


class GeneratorParams:
    def __init__(self, model):
        self.options = {}

    def set_search_options(self, **options):
        self.options = options


class Generator:
    def __init__(self, model, params):
        self.options, self.ids = params.options, []

    def append_tokens(self, ids):
        if len(self.ids) + len(ids) > self.options["max_length"]:
            raise RuntimeError("the capacity is %d" % self.options["max_length"])
        self.ids += [int(one) for one in ids]

    def generate_next_token(self):
        self.ids.append((1 + sum(self.ids)) % _VOCABULARY)

    def get_next_tokens(self):
        return self.ids[-1:]

    def is_done(self):
        is_end = self.ids[-1] == 6 and len(self.ids) > self.options.get("min_length", 0)
        return is_end or len(self.ids) >= self.options["max_length"]

    def get_logits(self):
        logits = numpy.zeros((1, 1, _VOCABULARY), dtype=numpy.float32)
        logits[0, 0, (1 + sum(self.ids)) % _VOCABULARY] = self.options["max_length"]
        return logits

    def rewind_to(self, length):
        self.ids = self.ids[:length]
