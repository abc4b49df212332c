# planted: slow-tokenizer
# needs: transformers.models.bert.tokenization_bert_fast
# From version 5 on, BertTokenizer itself is the fast one.
import os
import tempfile

from transformers import BertTokenizerFast

WORDS = ["a", "service", "is", "slow", "and", "nobody", "knows", "why", "##s", ",", "."]


def load():
    folder = tempfile.mkdtemp()
    file = os.path.join(folder, "vocab.txt")
    with open(file, "w") as out:
        out.write("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]))
    return BertTokenizerFast(file)


def samples():
    return [" ".join(["A service is slow, and nobody knows why."] * 30)]


def preprocess(text):
    return text.strip()


def predict(model, text):
    return model(text)["input_ids"]
