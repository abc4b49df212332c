"""What a tokenizer of the package `tokenizers` is made of: the `tokenizer.json` that lies there, or a vocabulary in the two ways that such are used, longest piece
first (WordPiece) and by merges (byte-pair encoding). Each is the lines that make it. Whether it is the user's tokenizer, the ids of their texts say."""
import json
import os

#: A smaller table is one of other things.
_LEAST_PIECES = 20
_UNKNOWN = ("[UNK]", "<unk>", "<UNK>", "UNK", "<|unk|>")
#: What stands around a text.
_AROUND = (("[CLS]", "[SEP]"), ("<s>", "</s>"))
#: How words are told, from BERT's way to white space alone.
_WORDS = (
    ("normalizers.BertNormalizer(lowercase=True)", "pre_tokenizers.BertPreTokenizer()"),
    ("normalizers.BertNormalizer(lowercase=False)", "pre_tokenizers.BertPreTokenizer()"),
    ("normalizers.Sequence([normalizers.Lowercase(), normalizers.NFD(), normalizers.StripAccents()])", "pre_tokenizers.BertPreTokenizer()"),
    ("normalizers.Lowercase()", "pre_tokenizers.BertPreTokenizer()"),
    ("normalizers.Lowercase()", "pre_tokenizers.WhitespaceSplit()"),
    (None, "pre_tokenizers.WhitespaceSplit()"),
)
_BYTES = ((None, "pre_tokenizers.ByteLevel(add_prefix_space=False)"),)


class Made:
    """`of`: 'tokenizer.json', 'vocab.txt', 'VOCABULARY'; `names`: what the lines take from the user's program."""

    def __init__(self, of, lines, names):
        self.of = of
        self.lines = lines
        self.names = names

    def tokenizer(self):
        names = dict(self.names)
        exec("\n".join(self.lines), names)
        return names["tokenizer"]


def ways(folders, tables):
    """`folders`: where files are looked for, the likeliest first; `tables`: (vocabularies, merges), by name. A file that is no vocabulary is none."""
    for file in _files(folders, "tokenizer.json"):
        yield Made(_shown(file), ["from tokenizers import Tokenizer", "tokenizer = Tokenizer.from_file(%r)  # once" % _shown(file)], {})
    for file in _files(folders, "vocab.txt"):
        vocab = _read(file, lambda lines: {piece.rstrip("\r\n"): number for number, piece in enumerate(lines)})
        line = "vocab = {piece.rstrip('\\r\\n'): number for number, piece in enumerate(open(%r, encoding='utf-8'))}" % _shown(file)
        yield from _of(_shown(file), vocab, None, [line], {})
    for file in _files(folders, "vocab.json"):
        merges = os.path.join(os.path.dirname(file), "merges.txt")
        vocab = _read(file, json.load)
        if not os.path.exists(merges):
            yield from _of(_shown(file), vocab, None, ["import json", "vocab = json.load(open(%r, encoding='utf-8'))" % _shown(file)], {})
        else:
            yield from _of(_shown(file), vocab, "merges", ["vocab, merges = models.BPE.read_file(%r, %r)" % (_shown(file), _shown(merges))], {})
    vocabularies, merges = tables
    for name, vocab in vocabularies.items():
        for ranks in [*merges, None]:
            names = {"vocab": vocab, **({} if ranks is None else {"merges": merges[ranks]})}
            told = ["vocab = %s" % name, *([] if ranks is None else ["merges = %s" % ranks])]
            yield from _of(name, vocab, None if ranks is None else "merges", told, names)


def _of(of, vocab, merges, told, names):
    """`told`: the lines that make `vocab` and `merges`, which in `names` they are already. Without a piece for what is not known there is none."""
    unknown = next((one for one in _UNKNOWN if one in vocab), None)
    is_bytes = merges is not None and any(piece.startswith("Ġ") for piece in vocab)
    if unknown is None and not is_bytes:
        return
    if merges is None:
        prefix = "##" if any(piece.startswith("##") for piece in vocab) else ""
        model = "models.WordPiece(vocab, unk_token=%r, continuing_subword_prefix=%r)" % (unknown, prefix)
    else:
        model = "models.BPE(vocab, merges%s)" % ("" if unknown is None else ", unk_token=%r" % unknown)
    around = next((names for names in _AROUND if all(one in vocab for one in names)), None)
    for normalizer, words in _BYTES if is_bytes else _WORDS:
        lines = [
            "from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors",
            *told,
            "tokenizer = Tokenizer(%s)  # once" % model,
            *([] if normalizer is None else ["tokenizer.normalizer = " + normalizer]),
            "tokenizer.pre_tokenizer = " + words,
        ]
        if around is not None:
            special = [(one, vocab[one]) for one in around]
            lines.append("tokenizer.post_processor = processors.TemplateProcessing(single='%s $A %s', special_tokens=%r)" % (*around, special))
        made = Made(of, lines, names)
        if names:
            made.tokenizer = _run_with(names, [line for line in lines if line not in told])
        yield made


def _run_with(names, lines):
    def tokenizer():
        held = dict(names)
        exec("\n".join(lines), held)
        return held["tokenizer"]

    return tokenizer


def held_by(functions):
    """
    (vocabularies, merges) that functions find in their module, around them, or in the object that they are methods of, by the expression that names them.
    `functions`: with what each was given.
    """
    vocabularies, merges = {}, {}
    for seen, function in functions:
        names = {name: function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__}
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
            try:
                names[name] = cell.cell_contents
            except ValueError:  # Nothing is in it yet.
                continue
        for name, value in names.items():
            _keep(name, value, vocabularies, merges)
        for _, plain, _ in list(seen.given.values())[:1]:
            for name, value in getattr(plain[0] if plain else None, "__dict__", {}).items():
                _keep("self." + name, value, vocabularies, merges)
    return vocabularies, merges


def _names(code):
    found = set(code.co_names)
    for one in code.co_consts:
        if hasattr(one, "co_names"):
            found |= _names(one)
    return found


def _keep(name, value, vocabularies, merges):
    first = next(iter(value), None) if isinstance(value, (dict, list, tuple)) and value else None
    if isinstance(value, dict) and isinstance(first, str):
        if len(value) >= _LEAST_PIECES and all(isinstance(key, str) and type(one) is int for key, one in value.items()):
            vocabularies[name] = value
    elif isinstance(first, tuple) and len(first) == 2 and all(isinstance(one, str) for one in first):
        if isinstance(value, dict):
            merges["sorted(%s, key=%s.get)" % (name, name)] = sorted(value, key=value.get)
        else:
            merges[name] = list(value)


def _files(folders, name):
    return [file for file in (os.path.join(folder, name) for folder in folders) if os.path.isfile(file)]


def _shown(file):
    try:
        path = os.path.relpath(file)
    except ValueError:  # On another drive.
        return file
    return file if path.startswith("..") else path


def _read(file, read):
    """Pieces with their ids; none where it is something else (a pointer of Git LFS, a list, a broken file)."""
    try:
        with open(file, encoding="utf-8") as text:
            found = read(text)
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and all(type(one) is int for one in found.values()) else {}
