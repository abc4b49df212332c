"""Whether two values are the same, and copies that one run can change without another seeing it."""
import copy
import math


class Unknown(Exception):
    """A value that cannot be compared, or not be copied."""


def is_plain(value):
    """Nothing can change it."""
    if type(value) is tuple:
        return all(is_plain(one) for one in value)
    return value is None or isinstance(value, (bool, int, float, complex, str, bytes)) or (hasattr(value, "dtype") and hasattr(value, "item") and type(value).__name__ != "ndarray" and getattr(value, "shape", None) == ())


def same(one, other):
    """Whether they are bit for bit the same; any NaN equals any NaN. Raises Unknown if that cannot be decided."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return math.isnan(one) and math.isnan(other) or one == other and math.copysign(1, one) == math.copysign(1, other)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if hasattr(one, "to_numpy") and hasattr(one, "index"):
        return _same_frame(one, other)
    array = _as_array(one)
    if array is not None:
        return _same_array(array, _as_array(other))
    if isinstance(one, (bool, int, str, bytes, complex, set, frozenset, bytearray, range)):
        return one == other
    if isinstance(one, BaseException) or not hasattr(type(one), "__eq__") or type(one).__eq__ is object.__eq__:
        raise Unknown("%s cannot be compared" % type(one).__name__)
    return bool(one == other)


def _as_array(value):
    """The value as an array: NumPy's arrays and numbers, and tensors of PyTorch."""
    module = (type(value).__module__ or "").split(".")[0]
    if module == "numpy":
        import numpy as np

        return np.asarray(value)
    if module == "torch" and hasattr(value, "detach"):
        return value.detach().cpu().numpy()
    return None


def _same_array(one, other):
    import numpy as np

    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype == object:
        return all(same(a, b) for a, b in zip(one.ravel().tolist(), other.ravel().tolist()))
    if one.dtype.kind not in "fc":
        return bool(np.array_equal(one, other))
    nan = np.isnan(one)
    if not np.array_equal(nan, np.isnan(other)):
        return False
    return np.ascontiguousarray(one[~nan]).tobytes() == np.ascontiguousarray(other[~nan]).tobytes()


def _same_frame(one, other):
    if not one.index.equals(other.index) or one.index.dtype != other.index.dtype:
        return False
    if not hasattr(one, "columns"):
        return one.name == other.name and one.dtype == other.dtype and _same_array(one.to_numpy(), other.to_numpy())
    if list(one.columns) != list(other.columns) or list(one.dtypes) != list(other.dtypes):
        return False
    return all(_same_array(one.iloc[:, at].to_numpy(), other.iloc[:, at].to_numpy()) for at in range(one.shape[1]))


def copied(values):
    """Copies values by name; two names of one object stay so. What is not a container, array or table is shared: functions, modules, models."""
    memo = {}
    return {identifier: _copied(value, memo) for identifier, value in values.items()}


def _copied(value, memo):
    if is_plain(value):
        return value
    if id(value) in memo:
        return memo[id(value)]
    module = (type(value).__module__ or "").split(".")[0]
    if module in ("numpy", "pandas", "torch") and not callable(value):
        made = copy.deepcopy(value)
    elif type(value) in (list, tuple) and all(is_plain(one) for one in value):
        made = type(value)(value)
    elif type(value) is list:
        made = [_copied(one, memo) for one in value]
    elif type(value) is tuple:
        made = tuple(_copied(one, memo) for one in value)
    elif type(value) is dict:
        made = {key: _copied(one, memo) for key, one in value.items()}
    elif type(value) is set:
        made = set(value)
    elif hasattr(value, "__next__"):
        raise Unknown("it goes through something that can be gone through once")
    else:
        made = value
    memo[id(value)] = made
    return made


def size_of(value):
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if hasattr(value, "memory_usage"):
        used = value.memory_usage()
        return int(used if isinstance(used, int) else used.sum())
    return len(value) * 32 if hasattr(value, "__len__") else 0
