"""Tokenizers by hand beside a library's: `python -m unittest discover test/python`. The standard library alone; the library is a stand-in that looks
words up, the real one was tried by hand (docs/findings/tokenizer-dominates.md). No test looks at how long something takes."""

import os
import sys
import tempfile
import textwrap
import types
import unittest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..", "src")
for folder in ("python/collector", "pipeline/turns", "pipeline/replace/python"):
    sys.path.insert(0, os.path.join(ROOT, folder))

import token_rows  # noqa: E402
import tokenizing  # noqa: E402
import vocabularies  # noqa: E402

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijklmnopqrst"]


def encoding(ids, tokens=()):
    return types.SimpleNamespace(ids=list(ids), attention_mask=[1] * len(ids), type_ids=[0] * len(ids), tokens=list(tokens))


class Rows(unittest.TestCase):
    def test_containers_are_read_and_made_again(self):
        for value, count in (([5, 6], 1), ([[5], [6, 7]], 2), ([[5, 6]], 1), ({"input_ids": [5, 6], "attention_mask": [1, 1]}, 1), (["a", "##b"], 1)):
            rows = token_rows.read(value, count)
            given = [encoding(row.get("ids", [5, 6]), row.get("tokens", ())) for row in rows]
            self.assertTrue(all(map(token_rows.same, rows, given)))
            self.assertEqual(token_rows.made(value, given), value)

    def test_what_is_no_ids(self):
        for value, count in (("text", 1), (None, 1), ([0.5], 1), ([5, 6], 2), ({"input_ids": [5], "label": [1]}, 1), ({"attention_mask": [1]}, 1)):
            with self.assertRaises(ValueError):
                token_rows.read(value, count)

    def test_lengths(self):
        long, short = encoding([1, 2, 3, 4]), encoding([1])
        self.assertEqual(token_rows.lengths([[{"ids": [1, 2, 3, 4]}], [{"ids": [1]}]], [[long], [short]]), [])
        both = [[{"ids": [1, 2, 4]}], [{"ids": [1, 9, 9]}]]
        self.assertEqual(token_rows.lengths(both, [[long], [short]]), ["tokenizer.enable_truncation(3)", "tokenizer.enable_padding(length=3, pad_id=9)"])
        batch = [[{"ids": [1, 2, 3, 4]}, {"ids": [1, 0, 0, 0]}], [{"ids": [1]}]]
        self.assertEqual(token_rows.lengths(batch, [[long, short], [short]]), ["tokenizer.enable_padding(pad_id=0)"])


class Vocabularies(unittest.TestCase):
    def test_of_a_file_and_of_names(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
                file.write("\n".join([*PIECES, "##s"]))
            lines = next(vocabularies.ways([folder], ({}, {}))).lines
        self.assertIn("tokenizer = Tokenizer(models.WordPiece(vocab, unk_token='[UNK]', continuing_subword_prefix='##'))  # once", lines)
        self.assertTrue(any("single='[CLS] $A [SEP]', special_tokens=[('[CLS]', 2), ('[SEP]', 3)]" in line for line in lines))
        vocab = {piece: number for number, piece in enumerate(PIECES)}
        first = next(vocabularies.ways([], ({"VOCAB": vocab}, {"MERGES": [("a", "b")]})))
        self.assertEqual(first.lines[1:4], ["vocab = VOCAB", "merges = MERGES", "tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token='[UNK]'))  # once"])

    def test_none_without_a_piece_for_what_is_not_known(self):
        self.assertEqual(list(vocabularies.ways([], ({"VOCAB": {piece: 1 for piece in PIECES[4:]}}, {}))), [])


PROGRAM = """
    VOCAB = {piece: number for number, piece in enumerate(%r)}
    RANKS = {("a", "b"): 0}

    class Tokenizer:
        def __init__(self):
            self.pieces = VOCAB

        def look(self, text):
            return [self.pieces.get(word, 1) for word in text.split()]

        def encode(self, text, *, around=False):
            return [2, *self.look(text), 3] if around else self.look(text)

    tokenizer = Tokenizer()

    def label(text):
        return RANKS, len(text)

    async def preprocess(text):
        label(text)
        return tokenizer.encode(text, around=True)
""" % (PIECES,)


class Library:
    """Words between white space."""

    def __init__(self, vocab):
        self.vocab = vocab

    def encode(self, text, add_special_tokens):
        words = text.split()
        tokens = ["[CLS]", *words, "[SEP]"] if add_special_tokens else words
        return encoding([self.vocab.get(word, 1) for word in tokens], tokens)


class Tokenizing(unittest.TestCase):
    def beside(self, program=PROGRAM):
        """What is told of the program, given three texts."""
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "app.py")
            with open(file, "w", encoding="utf-8") as text:
                text.write(textwrap.dedent(program))
            line = next(number for number, one in enumerate(textwrap.dedent(program).split("\n"), 1) if "for word in" in one)
            texts = tokenizing.Texts([{"file": file, "line": line}])
            plan = {"file": file, "call": "preprocess", "isScript": False, "arguments": [], "samples": None}
            held = tokenizing.samples_of
            tokenizing.samples_of = lambda *_: iter(["a b c", "d", "e zz"])
            ways, vocabularies.ways = vocabularies.ways, self.ways
            try:
                tokenizing.run(plan, texts.told)
                return tokenizing.instead(texts, []), line
            finally:
                tokenizing.samples_of, vocabularies.ways = held, ways
                sys.modules.pop("app", None)

    def ways(self, _, tables):
        self.tables = tables
        made = vocabularies.Made("VOCAB", ["tokenizer = …"], {})
        made.tokenizer = lambda: Library(tables[0]["self.pieces"])
        yield made

    def test_who_is_called_first_and_gives_ids(self):
        (row,), line = self.beside()
        told = {"line": line, "function": "preprocess", "now": "preprocess", "instead": "tokenizers with VOCAB", "equal": "bits", "on": "3 texts"}
        self.assertEqual({key: row[key] for key in told}, told)
        self.assertEqual(list(self.tables[0]), ["self.pieces"])

    def test_other_ids(self):
        (row,), _ = self.beside(PROGRAM.replace("self.pieces.get(word, 1)", "self.pieces.get(word, 9)"))
        self.assertEqual((row["equal"], row["on"]), ("different", "1 of 3 texts"))

    def test_none_where_nothing_gives_ids(self):
        self.assertEqual(self.beside(PROGRAM.replace("return [self.pieces", "return [0.5 + self.pieces"))[0], [])


if __name__ == "__main__":
    unittest.main()
