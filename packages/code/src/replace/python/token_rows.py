"""What a tokenizer of the user's gives, read as rows of ids, one for each text, and a library's encodings put into the same containers."""
import re

_KINDS = (
    (re.compile(r"^((input|token)_?)?ids$", re.I), "ids"),
    (re.compile(r"^(attention_?)?mask$", re.I), "mask"),
    (re.compile(r"^((token_?)?type|segment)(_?ids)?$", re.I), "types"),
    (re.compile(r"^tokens$", re.I), "tokens"),
)
_FIELDS = {"ids": "ids", "mask": "attention_mask", "types": "type_ids", "tokens": "tokens"}


def read(value, count, kind="ids"):
    """[{kind: list}], of each of `count` texts. Raises ValueError where it is nothing of the kind."""
    if hasattr(value, "items"):
        rows = [{} for _ in range(count)]
        for key, member in value.items():
            for row, other in zip(rows, read(member, count, _kind(key))):
                row.update(other)
        if not all("ids" in row or "tokens" in row for row in rows):
            raise ValueError("no ids")
        return rows
    plain = value.tolist() if hasattr(value, "tolist") else list(value) if isinstance(value, (list, tuple)) else None
    if plain is None:
        raise ValueError("no list")
    if plain and not isinstance(plain[0], (int, str)):
        if len(plain) != count:
            raise ValueError("not one for each text")
        return [read(one, 1, kind)[0] for one in plain]
    if count != 1:
        raise ValueError("not one for each text")
    if plain and all(isinstance(one, str) for one in plain):
        return [{"tokens": plain}]
    if not all(isinstance(one, int) for one in plain):
        raise ValueError("no ids")
    return [{kind: plain}]


def _kind(key):
    for pattern, kind in _KINDS:
        if isinstance(key, str) and pattern.match(key):
            return kind
    raise ValueError("more than ids")


def form(value, kind="ids"):
    """What `made` makes, as JSON, for what is shipped (packages/code/src/ship/stand_in.py)."""
    if hasattr(value, "items"):
        return {"dict": [[key, form(member, _kind(key))] for key, member in value.items()]}
    module = type(value).__module__.split(".")[0]
    if module in ("numpy", "torch"):
        return {"array": module, "dtype": str(value.dtype).replace("torch.", ""), "ndim": value.ndim, "field": _FIELDS[kind]}
    first = value[0] if isinstance(value, (list, tuple)) and value else 0
    if not isinstance(first, (int, str)):
        return {"each": form(first, kind)}
    return {"list": _FIELDS["tokens" if isinstance(first, str) else kind], "tuple": isinstance(value, tuple)}


def made(value, encodings, kind="ids"):
    """What the user's function gives, of the library's encodings."""
    if hasattr(value, "items"):
        return {key: made(member, encodings, _kind(key)) for key, member in value.items()}
    module = type(value).__module__.split(".")[0]
    if module == "numpy":
        import numpy

        return _arrays(lambda rows: numpy.array(rows, value.dtype), value.ndim, encodings, kind)
    if module == "torch":
        import torch

        return _arrays(lambda rows: torch.tensor(rows, dtype=value.dtype), value.dim(), encodings, kind)
    first = value[0] if isinstance(value, (list, tuple)) and value else 0
    if not isinstance(first, (int, str)):
        return [made(one, [other], kind) for one, other in zip(value, encodings)]
    return getattr(encodings[0], _FIELDS["tokens" if isinstance(first, str) else kind])


def _arrays(array, dimensions, encodings, kind):
    rows = [getattr(one, _FIELDS[kind]) for one in encodings]
    if dimensions < 2:
        return array(rows[0])
    # Of rows that differ in length there is no array: such ids are others anyway.
    return array(rows) if len(set(map(len, rows))) < 2 else [array(one) for one in rows]


def same(row, encoding):
    return all(values == getattr(encoding, _FIELDS[kind]) for kind, values in row.items())


def lengths(asked, given):
    """Lines that make the library's rows as long as the user's: cut, and filled up. `asked`, `given`: rows and encodings, by call."""
    pairs = [(len(next(iter(row.values()))), row, len(other.ids)) for rows, others in zip(asked, given) for row, other in zip(rows, others)]
    most = max(length for length, _, _ in pairs)
    lines = []
    if any(own > most for _, _, own in pairs):
        lines.append("tokenizer.enable_truncation(%d)" % most)
    filled = [row for length, row, own in pairs if own < length and row.get("ids")]
    if filled:
        # What most of them end with; where a mask says so, of those that it is left out of.
        ends = [row["ids"][-1] for row in [row for row in filled if row.get("mask", [1])[-1] == 0] or filled]
        length = "length=%d, " % most if all(length == most for length, _, _ in pairs) else ""
        lines.append("tokenizer.enable_padding(%spad_id=%d)" % (length, max(ends, key=ends.count)))
    return lines
