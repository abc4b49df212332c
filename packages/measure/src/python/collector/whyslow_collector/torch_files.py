"""PyTorch's files without anything pickled that could run code: an exported program (`.pt2`), TorchScript (`.pt`). The standard library alone, until
a file was looked at. PyTorch reads both formats as zip archives whose tensors are raw bytes or pickles of tensors; a class that a pickle names is
refused when it is looked up (https://docs.python.org/3/library/pickle.html#restricting-globals, audit event `pickle.find_class`)."""

import contextlib
import inspect
import io
import json
import os
import pickle
import re
import sys
import zipfile

from . import torch_checks
from .errors import Contract, reason_of

ENDINGS = (".pt2", ".pt", ".pth", ".torchscript")
_MOST_ENTRIES = 200_000
_TRACED = "traced_inputs.pkl"
_STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
#: What an archive of weights and a graph has no need of.
_COMPILED = (".so", ".dll", ".dylib", ".cubin", ".o", ".pyd")


def is_torch_file(path):
    return path.lower().endswith(ENDINGS)


def kind_of(path):
    """'exported' or 'torchscript'. Throws Contract, with what to do, where the file is neither or holds what may be code."""
    name = os.path.basename(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            kind = _kind_of(path, names)
            _refuse_code(path, kind, names, archive.read)
            return kind
    except (zipfile.BadZipFile, OSError):
        raise Contract("%s is not a PyTorch archive; %s" % (name, _own_program(path))) from None


def _refuse_code(path, kind, names, read):
    told = torch_checks.in_archive(kind, names, read)
    if told is not None:
        raise Contract("%s holds %s; it could run code and is not opened; %s" % (os.path.basename(path), told, _own_program(path)))


def _kind_of(path, names):
    name = os.path.basename(path)
    if len(names) > _MOST_ENTRIES or len({one.lower() for one in names}) != len(names):
        raise Contract("%s has two entries of one name, or too many; save the model again with torch.export.save" % name)
    compiled = next((one for one in names if one.lower().endswith(_COMPILED)), None)
    if compiled is not None:
        raise Contract("%s holds compiled code (%s), which is not run; give the exported program that it was compiled from" % (name, compiled))
    inner = [one.split("/", 1)[-1] for one in names]
    if any("custom_obj" in one for one in inner):
        raise Contract("%s holds pickled objects of classes, which are not opened; export it without them, or %s" % (name, _own_program(path)))
    if any(one.startswith("models/") or one == "serialized_exported_program.json" for one in [*inner, *names]):
        return "exported"
    if any(one.startswith("code/") for one in inner) and "constants.pkl" in inner:
        return "torchscript"
    raise Contract("%s is a pickled checkpoint, which can run code when it is opened; %s" % (name, _own_program(path)))


def _own_program(path):
    """Whoever wrote the file may open it: their own program, which they start."""
    return "let your own program open it: write model.py with `def model(): ...` and `def example_inputs(): ...`, and give model.py"


@contextlib.contextmanager
def no_pickled_classes(path):
    """What is unpickled meanwhile can be made of tensors alone: PyTorch's own restricted unpickler asks for no class by this way."""
    guard = _guard()
    before, guard.path = guard.path, path
    torch = sys.modules.get("torch")
    load = None if torch is None else torch.load
    if load is not None:
        torch.load = lambda *given, **words: load(*given, **{**words, "weights_only": True})
    try:
        yield
    finally:
        guard.path = before
        if load is not None:
            torch.load = load


class _Guard:
    path = None

    def __call__(self, event, given):
        if event == "pickle.find_class" and self.path is not None:
            raise Contract("%s holds a pickled %s.%s, which could run code; it is not opened" % (os.path.basename(self.path), *given[:2]))


_GUARDS = []


def _guard():
    """Audit hooks cannot be removed: one for the process."""
    if not _GUARDS:
        _GUARDS.append(_Guard())
        sys.addaudithook(_GUARDS[0])
    return _GUARDS[0]


def load_file(path):
    """(module, (arguments, keywords) that the file keeps as an example or None)."""
    kind = kind_of(path)
    import torch

    # What PyTorch's own reader finds in the archive counts, if that is something else.
    reader = torch._C.PyTorchFileReader(path)
    _refuse_code(path, _kind_of(path, ["m/" + one for one in reader.get_all_records()]), reader.get_all_records(), reader.get_record)
    with no_pickled_classes(path):
        if kind == "torchscript":
            model = _opened(torch, path, lambda: torch.jit.load(path, map_location="cpu"))
            return model, _traced_inputs(torch, path)
        program = _opened(torch, path, lambda: torch.export.load(path))
    module = _unguarded(program)
    # What was exported predicts as it was exported; the flag says nothing, and eval() is refused.
    for one in module.modules():
        one.training = False
    return module, program.example_inputs


def _opened(torch, path, load):
    try:
        return load()
    except Contract:
        raise
    except Exception as error:
        saved, own = _saved_by(path), torch.__version__
        by = "" if saved is None else " (saved by PyTorch %s)" % saved
        told = "PyTorch %s of this Python cannot open %s%s: %s" % (own, os.path.basename(path), by, reason_of(error.__cause__ or error)[:200].rstrip("."))
        next_ = "save it again with this version" if saved == own else "save it again with this version, or name a Python with the one that saved it by --python"
        raise Contract("%s; %s" % (told, next_)) from error


def _saved_by(path):
    """The version that an exported program names; None: it names none."""
    with contextlib.suppress(Exception), zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith("serialized_exported_program.json") or "/models/" in "/" + name and name.endswith(".json"):
                found = json.loads(archive.read(name)).get("torch_version")
                return found if isinstance(found, str) and re.fullmatch(r"[\w.+<=-]{1,40}", found) else None
    return None


def _unguarded(program):
    """Guards of inputs are Python code that PyTorch writes from names in the file, and executes."""
    if "check_guards" in inspect.signature(program.module).parameters:
        return program.module(check_guards=False)
    return program.module()


def _traced_inputs(torch, path):
    """(arguments, keywords) of the shapes that tracing kept in the archive, without values; None: it was scripted, and keeps none."""
    with zipfile.ZipFile(path) as archive:
        name = next((one for one in archive.namelist() if one.endswith("/" + _TRACED)), None)
        if name is None:
            return None
        try:
            kept = _Shapes(torch, archive.read(name)).load()
        except Exception:
            return None
    given = kept.get("forward") if isinstance(kept, dict) else None
    return (tuple(given), {}) if given and all(isinstance(one, torch.Tensor) for one in given) else None


class _Shapes(pickle.Unpickler):
    """Lists, dictionaries and tensors alone: no name that a pickle has is looked up anywhere but here."""

    def __init__(self, torch, content):
        super().__init__(io.BytesIO(content))
        self._torch = torch
        torch.manual_seed(0)

    def find_class(self, module, name):
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        known = {
            ("torch.jit._pickle", "restore_type_tag"): lambda value, _: value,
            ("torch._utils", "_rebuild_tensor_v2"): self._tensor,
            ("collections", "OrderedDict"): dict,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError("%s.%s" % (module, name))
        return known[module, name]

    def persistent_load(self, pid):
        return pid[1]

    def _tensor(self, dtype, _offset, size, *_):
        made = self._torch.randn(size)
        dtype = getattr(self._torch, dtype)
        return made.to(dtype) if dtype.is_floating_point else self._torch.zeros(size, dtype=dtype)
