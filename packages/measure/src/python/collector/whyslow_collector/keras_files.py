"""What a Keras file is, and whether it holds code of whoever made it. Decided before Keras sees the file, by the rules that the reader in
TypeScript has (packages/formats/src/keras/container.ts): Keras itself goes by the file's name, and its safe mode was leaky for years.

CVE-2024-3660 and CVE-2025-9905 (Lambda layers in `.h5`), CVE-2025-1550, CVE-2025-8747 and CVE-2025-9906 (modules and functions that a `.keras` file
names), CVE-2025-49655 (TorchModuleWrapper). The standard library alone, but for h5py where the file is HDF5."""

import base64
import binascii
import json
import mmap
import os
import re
import zipfile

_HDF5 = b"\x89HDF\r\n\x1a\n"
_MEMBER, _DIRECTORY, _END, _LOCATOR = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES = 22

#: Layers and objects that hold code, or load what may be code: refused on every version.
_CODE = {
    "Lambda": "a Lambda layer",
    "__lambda__": "a Python lambda",
    "TorchModuleWrapper": "a pickled PyTorch module",
    "TFSMLayer": "a layer that loads another model from a path",
}
#: Layers of Keras 2 that call functions of TensorFlow by their names.
_CALLS_BY_NAME = {"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty", "TensorFlowOpLayer"}
#: Version from which safe mode holds for `.h5`, and a file cannot name any function it likes.
_SAFE_SINCE = (3, 11, 3)

_KERAS = {"keras", "tf_keras", "keras_core"}
#: Parts of Keras that models are made of.
_PARTS = {
    *("activations", "applications", "constraints", "dtype_policies", "engine", "initializers", "layers", "losses", "metrics"),
    *("mixed_precision", "models", "ops", "optimizers", "quantizers", "random", "regularizers"),
}
#: Those whose functions a configuration may name.
_FUNCTIONS = {"activations", "constraints", "initializers", "losses", "metrics", "ops", "regularizers"}


def container_of(file):
    """'keras' (a zip) or 'h5'. Throws where it is both, or neither."""
    with open(file, "rb") as opened:
        size = os.fstat(opened.fileno()).st_size
        if size == 0:
            raise RuntimeError("the file is empty")
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as held:
            is_hdf5, is_zip = _is_hdf5(held, size), _is_zip(held)
    if is_hdf5 and is_zip:
        raise RuntimeError("the file is a zip archive and an HDF5 file at once: programs would not agree about what it holds")
    if not is_hdf5 and not is_zip:
        raise RuntimeError("the file is neither a .keras archive nor an HDF5 file")
    return "h5" if is_hdf5 else "keras"


def _is_hdf5(held, size):
    """Its superblock is at the start, or after a user block of 512, 1024, 2048 … bytes."""
    at = 0
    while at < size:
        if held[at : at + len(_HDF5)] == _HDF5:
            return True
        at = 512 if at == 0 else at * 2
    return False


def _is_zip(held):
    """It starts as one, or has a directory anywhere."""
    if held[:4] == _MEMBER:
        return True
    at = held.find(_END)
    while at >= 0:
        if _is_end(held, at):
            return True
        at = held.find(_END, at + 1)
    return False


def _is_end(held, at):
    """Arrays may hold the four bytes by chance: before an end of directory is a directory, or the locator of a larger one."""
    record = held[at : at + _END_BYTES]
    if len(record) < _END_BYTES:
        return False
    size = int.from_bytes(record[12:16], "little")
    before = held[max(0, at - 20) : at]
    return before[:4] == _LOCATOR or record[4:] == bytes(18) or (0 < size <= at and held[at - size : at - size + 4] == _DIRECTORY)


def refuse_code(file, container, version):
    """Throws where the file holds code of whoever made it, or what this version of Keras, as text, may run as such."""
    safe = version_of(version) >= _SAFE_SINCE
    for where, text in configurations(file, container):
        found = code_in(_parsed(text, where), container, safe)
        if found is not None:
            later = "" if found.always else "; Keras %s may run it, 3.11.3 and later do not" % version
            raise RuntimeError("the file has %s, which is or may be code of whoever made it; it is not run%s" % (found.what, later))


def version_of(text):
    numbers = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", str(text))
    return tuple(int(one or 0) for one in numbers.groups()) if numbers else (0, 0, 0)


def configurations(file, container):
    """Each text that Keras makes objects from, with its name."""
    if container == "keras":
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if len(set(names)) != len(names):
                raise RuntimeError("the file has two members of one name")
            return [(name, archive.read(name)) for name in ("config.json",) if name in names]
    import h5py

    found, names = [], set()
    with h5py.File(file, "r") as opened:
        for index in range(h5py.h5a.get_num_attrs(opened.id)):
            name = h5py.h5a.open(opened.id, index=index).name.decode("utf-8", "replace")
            if name in names:
                raise RuntimeError("the file has two attributes called %s" % name)
            names.add(name)
            if name.endswith("_config"):
                found.append((name, opened.attrs[name]))
    return found


def _parsed(text, where):
    """As Keras parses it; names that stand twice in one object are refused."""
    if hasattr(text, "tolist"):
        text = text.tolist()
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, TypeError, RecursionError) as error:
        raise RuntimeError("%s of the file cannot be read: %s" % (where, error)) from None


def _once(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


class Found:
    def __init__(self, what, always):
        self.what = what
        self.always = always


def code_in(config, container="keras", safe=True):
    """The first thing in the parsed configuration that is refused: anywhere in it, since layers hide in layers; None: nothing."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            found = _always(value) or (None if safe else _on_old_versions(value, container))
            if found is not None:
                return found
            waiting.extend(value.values())
    return None


def _always(value):
    for name in _names(value):
        if name in _CODE:
            return Found(_CODE[name], True)
    for key, one in value.items():
        if key == "__lambda__" or (key.endswith("_type") and one == "lambda") or _is_marshalled(one):
            return Found("a Python lambda", True)
    module = value.get("module")
    if "class_name" in value and isinstance(module, str) and module.split(".")[0] not in _KERAS | {"builtins"}:
        return Found("the name of code outside of Keras (%s.%s)" % (module[:60], str(value["class_name"])[:60]), True)
    return None


def _on_old_versions(value, container):
    """What a model of Keras alone has no need of."""
    for name in _names(value):
        if name in _CALLS_BY_NAME:
            return Found("a layer that calls functions by name (%s)" % name, False)
    module, name = value.get("module"), value.get("class_name")
    if container == "h5" or not isinstance(module, str) or not isinstance(name, str):
        return None
    part = next((one for one in module.split(".")[1:] if one != "src"), "")
    if name == "function":
        named = module == "builtins" or part in _FUNCTIONS
    else:
        # The name of a class, or of something that Keras writes between underscores; never of a function.
        named = (part == "" or part in _PARTS) and re.match(r"[A-Z]\w*$|__\w+__$", name) is not None
    return None if named else Found("the name of %s.%s" % (module[:60], name[:60]), False)


def _names(value):
    """What it says that it is, without a prefix as in 'keras>Lambda'."""
    given = (value.get(key) for key in ("class_name", "registered_name", "spec_name"))
    return [re.split(r"[>.]", one)[-1].strip() for one in given if isinstance(one, str)]


def _is_marshalled(value):
    """A function as Keras 2 wrote it: the marshalled code in base64, its defaults, its closure."""
    if not (isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)):
        return False
    try:
        # A code object, with or without the flag of a reference.
        return base64.b64decode("".join(value[0].split()))[:1] in (b"c", b"\xe3") and len(value[0]) > 40
    except (ValueError, binascii.Error):
        return False
