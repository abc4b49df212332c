"""Tokenizers by hand beside a library's: `python -m unittest discover test/python`. The standard library alone; the library is a stand-in that looks
words up, the real one was tried by hand (docs/findings/tokenizer-dominates.md). No test looks at how long something takes."""

import os
import sys
import tempfile
import textwrap
import types
import unittest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..", "packages")
for folder in ("measure/src/python/collector", "code/src/replace/python"):
    sys.path.insert(0, os.path.join(ROOT, folder))

import token_rows  # noqa: E402
import tokenizing  # noqa: E402
import vocabularies  # noqa: E402

try:
    import numpy
except ImportError:
    numpy = None

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

    @unittest.skipIf(numpy is None, "without NumPy")
    def test_arrays_are_made_again(self):
        one, two = encoding([5, 6]), encoding([7, 8])
        for value, given in ((numpy.array([1, 2]), [one]), (numpy.array([[1, 2], [3, 4]], numpy.int32), [one, two])):
            made = token_rows.made(value, given)
            self.assertEqual((made.dtype, made.tolist()), (value.dtype, [each.ids for each in given] if value.ndim > 1 else one.ids))
        uneven = token_rows.made({"ids": numpy.zeros((2, 3), int)}, [one, encoding([9])])["ids"]
        self.assertEqual([row.tolist() for row in uneven], [[5, 6], [9]])
        self.assertEqual(token_rows.made([numpy.zeros(2, int)] * 2, [one, two])[1].tolist(), [7, 8])

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

    def test_a_broken_file_hides_no_other(self):
        vocab = {piece: number for number, piece in enumerate(PIECES)}
        pointer = b"version https://git-lfs.github.com/spec/v1\n"
        for name, held in (("vocab.txt", b"\xff\xfe[UNK]"), ("vocab.json", pointer), ("vocab.json", b'["[UNK]", "a"]'), ("vocab.json", b'{"[UNK]": "a"}')):
            with tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(held)
                self.assertEqual({one.of for one in vocabularies.ways([folder], ({"VOCAB": vocab}, {}))}, {"VOCAB"}, held)

    def test_a_name_around_that_holds_nothing_yet(self):
        def outer():
            def inner():
                return later
            if os.sep == "":
                later = 1
            return inner

        self.assertEqual(vocabularies.held_by([(types.SimpleNamespace(given={}), outer())]), ({}, {}))


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

    class Pause:
        def __await__(self):
            yield

    async def preprocess(text):
        given, text = text, None
        label(given)
        await Pause()
        return tokenizer.encode(given, around=True)
""" % (PIECES,)


class Library:
    """Words between white space."""

    def __init__(self, vocab):
        self.vocab = vocab

    def encode(self, text, add_special_tokens):
        words = text.split()
        tokens = ["[CLS]", *words, "[SEP]"] if add_special_tokens else words
        return encoding([self.vocab.get(word, 1) for word in tokens], tokens)


class Padded(Library):
    """As a tokenizer.json brings it: cut and filled up."""

    def __init__(self, vocab):
        super().__init__(vocab)
        self.padding = self.truncation = {"length": 2}

    def no_padding(self):
        self.padding = None

    def no_truncation(self):
        self.truncation = None

    def encode(self, text, add_special_tokens):
        given = super().encode(text, add_special_tokens)
        return given if self.padding is None and self.truncation is None else encoding([*given.ids, 0, 0][:2], given.tokens)


#: How the program above is run where it is a script.
MAIN = """
    def batch(texts):
        return [tokenizer.encode(text, around=True) for text in texts]

    def main():
        tokenizer.encode("a", around=True)
        batch(["a b c", "d"])
        return 0

    if __name__ == "__main__":
        import sys
        sys.exit(main())
"""


class Tokenizing(unittest.TestCase):
    def beside(self, program=PROGRAM, library=Library, is_script=False):
        """What is told of the program, given three texts, or of a script."""
        self.library = library
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "app.py")
            with open(file, "w", encoding="utf-8") as text:
                text.write(textwrap.dedent(program))
            line = next(number for number, one in enumerate(textwrap.dedent(program).split("\n"), 1) if "for word in" in one)
            texts = tokenizing.Texts([{"file": file, "line": line}])
            data = os.path.join(folder, "texts.json")
            with open(data, "w") as text:
                text.write('["a b c", "d", "e zz"]')
            plan = {"file": file, "call": None if is_script else "preprocess", "isScript": is_script, "arguments": [], "data": data}
            kept = sys.modules["__main__"], sys.argv, sys.path[:]
            ways, vocabularies.ways = vocabularies.ways, self.ways
            try:
                module = tokenizing.run(plan, texts.told)
                self.reached = {code.co_name for code in texts.reached}
                self.assertIsNotNone(module)
                return tokenizing.instead(texts, []), line
            finally:
                vocabularies.ways = ways
                sys.modules["__main__"], sys.argv, sys.path[:] = kept
                sys.modules.pop("app", None)

    def ways(self, _, tables):
        self.tables = tables
        made = vocabularies.Made("VOCAB", ["tokenizer = …"], {})
        made.tokenizer = lambda: self.library(tables[0]["self.pieces"])
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

    def test_a_script_that_ends_itself_and_who_calls_later(self):
        (row,), _ = self.beside(PROGRAM + MAIN, is_script=True)
        self.assertEqual((row["function"], row["equal"], row["on"]), ("encode", "bits", "3 texts"))
        self.assertLessEqual({"look", "encode", "batch", "main"}, self.reached)

    def test_lengths_that_the_library_brings_itself(self):
        (row,), _ = self.beside(library=Padded)
        self.assertEqual((row["equal"], row["code"][1:3]), ("bits", ["tokenizer.no_padding()", "tokenizer.no_truncation()"]))

    def test_rows_that_are_all_empty_are_no_sign(self):
        program = PROGRAM.replace("self.pieces.get(word, 1) for word", "self.pieces[word] for word").replace("in text.split()", "in text.split() if word in ()")
        program = program.replace("[2, *self.look(text), 3] if around else ", "")
        self.assertEqual(self.beside(program, library=Silent)[0], [])

    def test_tokens_are_called_so(self):
        program = PROGRAM.replace("[2, *self.look(text), 3] if around else self.look(text)", "[word for word in text.split() if self.look(word)]")
        (row,), _ = self.beside(program)
        self.assertEqual((row["equal"], row["on"]), ("bits", "3 texts, by their tokens"))

    def test_who_ends_the_program_when_asked_again_is_left_out(self):
        program = PROGRAM.replace("await Pause()", "await Pause()\n        CALLS.append(1)\n        if len(CALLS) > 3:\n            raise SystemExit") + "\n    CALLS = []\n"
        (row,), _ = self.beside(program)
        self.assertEqual((row["function"], row["equal"]), ("encode", "bits"))


class Silent(Library):
    """It has no word for anything."""

    def encode(self, text, add_special_tokens):
        return encoding([])


if __name__ == "__main__":
    unittest.main()
