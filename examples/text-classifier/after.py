"""The same classifier, with the tokenizer of Hugging Face's library: the same vocabulary and the same merges give the same numbers."""
import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from texts import MERGES, VOCABULARY, load, postprocess, predict, samples  # noqa: F401

tokenizer = Tokenizer(models.BPE(VOCABULARY, MERGES, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.NFD(), normalizers.StripAccents()])
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()


def preprocess(text):
    return np.array(tokenizer.encode(text).ids)
