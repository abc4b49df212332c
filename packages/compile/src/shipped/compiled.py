"""Predicts with a compiled model in Python: the program of a .json file (what is done to rows, as data), its arrays in a .bin file, and the
functions that were written for it. They are C, which this machine's compiler builds once, or WebAssembly, which wasmtime runs; NumPy walks the same
tables if there is neither. compiled.mjs does the same in JavaScript.
"""
import ctypes
import functools
import hashlib
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import warnings
from pathlib import Path

import numpy as np

#: In the order in which they are tried where options.json does not say which is faster.
BACKENDS = ('c', 'wasmtime', 'numpy')
ARRAYS = {'Float32Array': '<f4', 'Float64Array': '<f8', 'Int32Array': '<i4', 'Uint32Array': '<u4', 'Uint8Array': 'u1'}
#: LightGBM's kZeroThreshold.
ZERO = np.float32(1e-35)
#: XGBoost's cut before expf.
LARGEST_EXPONENT = np.float32(88.7)
#: No multiply and add in one rounding: sums are those of the other backends to the last bit.
FLAGS = ('-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-ffp-contract=off', '-fwrapv')
BUILD_SECONDS = 300


def read_program(folder, name):
    """The program of NAME.json, with its arrays of NAME.bin."""
    data = (folder / f'{name}.bin').read_bytes()

    def revived(value):
        if '$array' in value:
            dtype, length = ARRAYS[value['$array']], value['length']
            return np.frombuffer(data, dtype, length, value['at']) if length > 0 else np.empty(0, dtype)
        return float(value['$number']) if '$number' in value else value

    return json.loads((folder / f'{name}.json').read_text('utf-8'), object_hook=revived)


def open_compiled(folder, options, backend=None, name='model'):
    """What predicts: takes arrays by name of the input and gives a list of arrays, in the order of the outputs.

    `options`: `compiled` of options.json; its `backends` were proven the fastest, each from a number of rows on. `backend`: one of BACKENDS; None takes
    those, or the first that runs here. Its attribute `backend` names what is taken.
    """
    if (folder / f'{name}-walk.json').exists():
        # What is fastest in JavaScript are functions of JavaScript.
        name = f'{name}-walk'
    program = read_program(folder, name)
    taken, predict_rows = _by_rows(folder, name, program, options.get('backends', ()) if backend is None else ())
    if taken is None:
        taken, functions = _functions(folder, name, program, backend)
        predict_rows = open_program(program, functions)
    rows_of = _rows(options)
    outputs = options['outputs']
    wanted = frozenset(output['what'] for output in outputs)
    makers = [_maker(output, options['classes']) for output in outputs]
    kinds = [output['what'] for output in outputs]
    turn = threading.Lock()

    def run(feeds):
        rows = rows_of(feeds)
        with turn:
            predicted = predict_rows(rows, wanted)
        return [make(predicted[what]) for make, what in zip(makers, kinds)]

    run.backend = taken
    return run


def open_ends(folder, ends, session, backend=None):
    """What predicts with a model whose head or tail (or both) is code and whose other part is an engine's session: what comes out of one goes into the next.

    `ends`: of options.json. It is called, and chooses its backend, as `open_compiled` says.
    """
    head, tail = (open_compiled(folder, ends[end], backend, end) if end in ends else None for end in ('head', 'tail'))
    made, after = ([one['name'] for one in ends.get(end, {}).get('outputs', ())] for end in ('head', 'tail'))
    between = ends['tail']['inputs'][0]['name'] if tail is not None else None
    given = {one.name for one in session.get_inputs()}
    gives = [one.name for one in session.get_outputs()]
    outputs = ends['outputs']

    def run(feeds):
        rest = {name: array for name, array in feeds.items() if name in given}
        if head is not None:
            rest.update(zip(made, head(feeds)))
        results = dict(zip(gives, session.run(gives, rest)))
        if tail is not None:
            results.update(zip(after, tail({between: results[between]})))
        return [results[name] for name in outputs]

    run.backend = (head or tail).backend
    return run


# Functions, by the backend


def _by_rows(folder, name, program, proven):
    """What `_functions` gives, and what predicts by it, with each number of rows by the backend that was proven for it; (None, None): none of them runs here."""
    opened = []
    for one in proven:
        try:
            opened.append((one['from'], *_functions(folder, name, program, one['backend'])))
        except RuntimeError:
            # A compiler or a package that is not here.
            continue
    if not opened:
        return None, None
    ways = [(least, open_program(program, functions)) for least, _, functions in opened]
    [(_, first), *others] = ways
    if not others:
        return opened[0][1], first
    others.reverse()

    def predict(rows, wanted):
        for least, way in others:
            if len(rows) >= least:
                return way(rows, wanted)
        return first(rows, wanted)

    return ', '.join(f'{backend} from {least} rows on' if least > 1 else backend for least, backend, _ in opened), predict


def _functions(folder, name, program, backend):
    """The backend taken, and a function that gives its functions and their memory; None for NumPy."""
    if backend is not None and backend not in BACKENDS:
        raise ValueError(f'no backend is called {backend!r}; there are {", ".join(BACKENDS)}')
    if not (folder / f'{name}.wasm').exists():
        # Nothing of it needs any.
        return 'numpy', None
    openers = {'c': _native, 'wasmtime': _wasmtime}
    reasons = []
    for one in BACKENDS if backend is None else (backend,):
        if one == 'numpy':
            break
        try:
            return one, openers[one](folder, name, program['scores']['memory']['totalBytes'])
        except Exception as error:
            # A wasmtime may fail in its own ways, at its import or with this module.
            if backend is not None:
                raise RuntimeError(f'the backend {one!r} does not run here: {_line(error)}') from error
            reasons.append(f'{one}: {_line(error)}')
    if backend is None:
        warnings.warn(
            f'predictions take NumPy, which is far slower, since there is neither a C compiler nor wasmtime ({"; ".join(reasons)}): '
            'install gcc or clang, or pip install wasmtime',
            RuntimeWarning,
            stacklevel=6,
        )
    return 'numpy', None


def _line(error):
    printed = getattr(error, 'stderr', None) or b''
    lines = [line for line in printed.decode('utf-8', 'replace').splitlines() if 'error' in line] or str(error).splitlines()
    return lines[0].strip() if lines else type(error).__name__


def _native(folder, name, size):
    library = _library(folder, name)
    # Of its own for each model that is opened, at an address that vectors like.
    memory = np.zeros(size + 64, np.uint8)
    memory = memory[-memory.ctypes.data % 64 :][:size]
    pointer = ctypes.c_void_p(memory.ctypes.data)

    def function(name):
        called = getattr(library, name)
        called.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
        called.restype = None
        return functools.partial(called, pointer)

    return function, memory


def _library(folder, name):
    source = (folder / f'{name}.c').read_bytes()
    digest = hashlib.sha256(source + json.dumps([FLAGS, sys.platform, platform.machine()]).encode()).hexdigest()[:16]
    # Next to the bytecode of this module, which Python keeps in the same way.
    built = folder / '__pycache__' / f'{name}-{digest}.so'
    compiler = _compiler()
    try:
        return ctypes.CDLL(str(built))
    except OSError:
        # There is none, or one of another system's libraries.
        pass
    if compiler is None:
        raise OSError('no C compiler was found: cc, gcc and clang are not on the path, and CC is not set')
    try:
        built.parent.mkdir(exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=built.parent))
    except OSError:
        # A folder that cannot be written: it is built anew by each process.
        place, built = Path(tempfile.mkdtemp()), None
    try:
        made = place / 'made.so'
        command = [*compiler, *FLAGS, '-x', 'c', str(folder / f'{name}.c'), '-o', str(made)]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=BUILD_SECONDS)
        if built is None:
            return ctypes.CDLL(str(made))
        os.replace(made, built)
        return ctypes.CDLL(str(built))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _compiler():
    """The words that begin its command; None: there is none."""
    if os.environ.get('CC'):
        return shlex.split(os.environ['CC'])
    found = next((one for one in ('cc', 'gcc', 'clang') if shutil.which(one)), None)
    return found and [found]


def _wasmtime(folder, name, size):
    from wasmtime import Instance, Module, Store

    store = Store()
    exports = Instance(store, Module(store.engine, (folder / f'{name}.wasm').read_bytes()), []).exports(store)
    kept = exports['memory']
    address = ctypes.addressof(kept.data_ptr(store).contents)
    memory = np.frombuffer((ctypes.c_uint8 * kept.data_len(store)).from_address(address), np.uint8)

    def function(name):
        return functools.partial(exports[name], store)

    return function, memory[:size]


# Rows: what an input's arrays become


def _rows(options):
    inputs, texts, row = options['inputs'], options['texts'], np.dtype(options['row'])
    width = sum(one['columns'] for one in inputs)
    places = {text: place for place, text in enumerate(texts)}
    [first, *others] = inputs
    if not others and first['dtype'] == options['row']:
        key, columns = first['name'], first['columns']

        def alone(feeds):
            array = feeds[key]
            if array.ndim != 2 or array.shape[1] != columns:
                raise ValueError(_misfit(first, array))
            return array

        return alone

    def joined(feeds):
        rows = np.empty((len(feeds[first['name']]), width), row)
        at = 0
        for one in inputs:
            array = feeds[one['name']]
            if array.ndim != 2 or array.shape[1] != one['columns']:
                raise ValueError(_misfit(one, array))
            if len(array) != len(rows):
                raise ValueError(f'the input {one["name"]!r} has {len(array)} rows, and {first["name"]!r} has {len(rows)}')
            if one['dtype'] == 'string':
                array = np.array([places.get(text, -1) for text in array.ravel().tolist()], row).reshape(array.shape)
            rows[:, at : at + one['columns']] = array
            at += one['columns']
        return rows

    return joined


def _misfit(one, array):
    return f'the input {one["name"]!r} takes rows of {one["columns"]} features, and was given the shape {array.shape}'


def _maker(output, classes):
    dtype = np.dtype(object if output['dtype'] == 'string' else output['dtype'])
    flat = output['rank'] == 1
    if output['what'] == 'label':
        named = None if classes is None else np.array([str(one) for one in classes] if dtype == object else classes, dtype)

        def label(indexes):
            labels = indexes.astype(dtype) if named is None else named[indexes]
            return labels if flat else labels.reshape(-1, 1)

        return label

    def numbers(values):
        values = values if values.dtype == dtype else values.astype(dtype)
        return values.reshape(-1) if flat else values

    return numbers


# The program


def open_program(program, functions):
    """What predicts rows × features: gives margins, predictions and labels' indexes by name, those of `wanted`."""
    scores = program['scores']
    many, given, run, taken = _SCORES[scores['kind']](scores, functions)
    steps = _steps(program['prepare'])
    finish = _finish(scores)
    transforms = [_TRANSFORMS[one['kind']](one) for one in program['transform']]
    label = program['label']
    label_of = label and _label(label)
    margin_type, prediction_type = (np.dtype(program['precisions'][name]) for name in ('margin', 'prediction'))

    def predict(rows, wanted):
        count = len(rows)
        if count == 0:
            # The functions run at least once: what one row gives has the shapes.
            one = predict(np.zeros((1, *rows.shape[1:]), rows.dtype), wanted)
            return {what: values[:0] for what, values in one.items()}
        if steps:
            rows = rows.astype(np.float64)
            for step in steps:
                rows = step(rows)
        if count <= many:
            given[:count] = rows
            run(count)
            values = taken(count)
        else:
            parts = []
            for start in range(0, count, many):
                part = rows[start : start + many]
                given[: len(part)] = part
                run(len(part))
                parts.append(taken(len(part)))
            values = np.concatenate(parts)
        if finish is not None:
            values = finish(values)
        result = {}
        if 'margin' in wanted:
            result['margin'] = _as(values, margin_type)
        if 'label' in wanted and label['from'] == 'margin':
            result['label'] = label_of(values)
        if 'prediction' in wanted or ('label' in wanted and label['from'] == 'prediction'):
            for apply in transforms:
                values = apply(values)
            if 'prediction' in wanted:
                result['prediction'] = _as(values, prediction_type)
            if 'label' in wanted and label['from'] == 'prediction':
                result['label'] = label_of(values)
        return result

    # What overflows is infinite, as in JavaScript, without a warning; to switch warnings off takes as long as a small forest.
    can_warn = functions is None or steps or finish is not None or scores['kind'] != 'walk' or given.dtype != program['input']['dtype']
    if can_warn or any((one['kind'], one.get('precision')) not in _SILENT for one in program['transform']):
        return np.errstate(all='ignore')(predict)
    return predict


def _as(values, dtype):
    return values if values.dtype == dtype else values.astype(dtype)


def _view(memory, dtype, at, rows, columns):
    dtype = np.dtype(dtype)
    return memory[at : at + rows * columns * dtype.itemsize].view(dtype).reshape(rows, columns)


def _open_walk(scores, functions):
    """Most rows at once, where they go, what runs that many, and what then gives their sums."""
    at, total = scores['memory'], np.dtype(scores['sum']['precision'])
    function, memory = (None, np.zeros(at['totalBytes'], np.uint8)) if functions is None else functions
    rows, outputs = at['blockRows'], scores['outputCount']
    given = _view(memory, scores['compare'], at['input'], rows, at['featureCount'])
    _fill_categories(scores, memory)
    if function is None:
        run, gained = _plain_walk(scores, memory, given)
    else:
        _put_tables(scores, memory)
        run = _by_count(scores, function)
        gained = _view(memory, np.int32 if scores['leaves'] == 'numbers' else total, at['output'], rows, _columns(scores))
    if scores['leaves'] == 'values':
        return rows, given, run, lambda count: gained[:count].copy()
    add = _add_leaves(scores)
    return rows, given, run, lambda count: add(gained[:count], given[:count])


def _columns(scores):
    outputs, total = scores['memory']['outputBytes'], np.dtype(scores['sum']['precision'])
    return outputs // (4 if scores['leaves'] == 'numbers' else total.itemsize)


def _put_tables(scores, memory):
    at, tables = scores['memory'], scores['tables']

    def put(table, to):
        memory[to : to + table.nbytes] = table.view(np.uint8)

    for name in ('roots', 'targets', 'steps', 'treeSteps', 'nodes', 'starts'):
        put(tables[name], at[name])
    if tables['ranks'] is not None:
        for name in ('thresholds', 'searches', 'nodes', 'trees', 'leaves'):
            put(tables['ranks'][name], at['ranks'][name])
        first = at['ranks']['firstResult']
        put((np.arange(first) * 256 // first).astype(np.uint8), at['ranks']['results'])
    if tables['full'] is not None:
        for name in ('nodes', 'leaves'):
            put(tables['full'][name], at['full'][name])


def _by_count(scores, function):
    """The function that was fastest for this many rows."""
    rows = function('rows')
    others = [(scores[least], function(name)) for least, name in (('blockFrom', 'block'), ('ranksFrom', 'ranks')) if scores[least] is not None]
    if not others:
        return rows
    others.sort(key=lambda one: -one[0])

    def run(count):
        for least, other in others:
            if count >= least:
                return other(count)
        return rows(count)

    return run


def _has(scores, chosen, categories):
    """Whether a set holds each of the categories."""
    starts, words = scores['categorySets']['starts'], scores['categorySets']['words']
    within = words[starts[chosen] : starts[chosen + 1]]
    word = categories // 32
    inside = word < len(within)
    found = np.zeros(len(categories), bool)
    found[inside] = (within[word[inside]] >> (categories[inside] % 32).astype(np.uint32)) & 1
    return found


def _fill_categories(scores, memory):
    """Rows of slots for each category: one for what is in no set, one for what is missing, then one for each."""
    number = np.dtype(scores['number'])
    for place, one in zip(scores['memory']['categories'], scores['slots']['categories']):
        categories = np.arange(one['count'])
        rows = _view(memory, number, place, one['count'] + 2, len(one['sets']))
        known = _has(scores, one['known'], categories) if one['known'] >= 0 else np.ones(one['count'], bool)
        for column, (chosen, negated) in enumerate(zip(one['sets'].tolist(), one['negated'].tolist())):
            rows[0, column] = negated
            rows[1, column] = np.nan
            rows[2:, column] = np.where(known, _has(scores, chosen, categories) != bool(negated), np.nan)


# NumPy in place of the functions


def _plain_walk(scores, memory, given):
    """What runs, and where the sums or the leaves' numbers are then."""
    at, tables, number = scores['memory'], scores['tables'], np.dtype(scores['number'])
    size = scores['nodeBytes']
    if size == 8:
        nodes = tables['nodes'].view(np.dtype([('threshold', '<f4'), ('slot', '<u2'), ('way', '<u2')]))
        slot, way = nodes['slot'].astype(np.int64) // 4, nodes['way'].astype(np.int64)
    else:
        nodes = tables['nodes'].view(np.dtype([('threshold', '<f8'), ('slot', '<u4'), ('way', '<u4')]))
        slot, way = nodes['slot'].astype(np.int64) // 8, nodes['way'].astype(np.int64) // size
    # Of a leaf of 8 bytes that holds a number of a leaf the threshold is that number.
    threshold = np.ascontiguousarray(nodes['threshold'])
    roots = (tables['roots'].astype(np.int64) - at['nodes']) // size
    deepest = int(tables['treeSteps'].max(initial=0))
    slots_of = _slots(scores, memory)
    total, targets, starts = np.dtype(scores['sum']['precision']), tables['outputs'], tables['starts']
    gained = np.empty((at['blockRows'], _columns(scores)), np.int32 if scores['leaves'] == 'numbers' else total)
    in_order = [(k, np.flatnonzero(targets == k)) for k in range(scores['outputCount'])]

    def run(count):
        slots = slots_of(given[:count])
        place = np.broadcast_to(roots, (count, len(roots))).copy()
        every = np.arange(count)[:, None]
        for _ in range(deepest):
            place += way[place] + (slots[every, slot[place]] >= threshold[place])
        leaves = threshold[place]
        if scores['leaves'] == 'numbers':
            gained[:count] = leaves
            return
        for k, trees in in_order:
            gained[:count, k] = _added(leaves[:, trees], starts[k], total)

    return run, gained


def _added(leaves, start, total):
    """Sums from left to right, rounded once at each."""
    first = np.full((len(leaves), 1), start, total)
    if leaves.dtype == total or total == np.float64:
        return np.add.accumulate(np.concatenate([first, leaves], axis=1, dtype=total), axis=1)[:, -1]
    total_so_far = first[:, 0]
    for k in range(leaves.shape[1]):
        total_so_far = (total_so_far.astype(np.float64) + leaves[:, k]).astype(total)
    return total_so_far


def _slots(scores, memory):
    slots, number, rule = scores['slots'], np.dtype(scores['number']), scores['categoryRule']
    width = scores['memory']['slotBytes'] // number.itemsize
    tables = [
        _view(memory, number, place, one['count'] + 2, len(one['sets']))
        for place, one in zip(scores['memory']['categories'], slots['categories'])
    ]

    def slots_of(rows):
        filled = np.full((len(rows), width), np.nan, number)
        at = 1
        for one in slots['numbers']:
            x = rows[:, one['feature']]
            if one['zeroIsMissing']:
                x = np.where(np.abs(x) <= ZERO, np.nan, x)
            filled[:, at] = -x if one['negated'] else x
            at += 1
        for one in slots['equals']:
            x = rows[:, one['feature']]
            filled[:, at] = np.where(np.isnan(x), np.nan, (x == one['value']) != one['negated'])
            at += 1
        for one, table in zip(slots['categories'], tables):
            row = _category_rows(rule, rows[:, one['feature']].astype(np.float64), one['count'], 1 if one['known'] >= 0 else 0)
            filled[:, at : at + table.shape[1]] = table[row]
            at += table.shape[1]
        return filled

    return slots_of


def _category_rows(rule, x, count, outside):
    missing = np.isnan(x)
    whole = np.trunc(np.where(missing, -1, x))
    inside = (whole >= 0) & (whole < count)
    row = np.where(inside, np.where(inside, whole, 0) + 2, outside).astype(np.int64)
    if rule == 'xgboost':
        row[x < 0] = 0
    elif rule == 'scikit-learn':
        row[x < 0] = 1
    elif rule == 'exact':
        row[whole != x] = 0
    row[missing] = 1
    return row


def _add_leaves(scores):
    """Sums of what the leaves of these numbers say, for trees whose leaves have several values or a linear model."""
    total, start = np.dtype(scores['sum']['precision']), scores['sum']['start']
    values, leaf_at, leaf_linear = scores['leafValues'], scores['leafAt'], scores['leafLinear']
    targets, widths, linear = scores['targets'].tolist(), scores['widths'].tolist(), scores['linear']
    # All trees alike, and nothing to round between: one pass.
    alike = linear is None and len(set(zip(targets, widths))) == 1
    if alike and (total == np.float64 or bool((values.astype(np.float32) == values).all())):
        width, target = widths[0], targets[0]

        def all_at_once(numbers, rows):
            sums = np.tile(start, (len(numbers), 1)).astype(total)
            found = values[leaf_at[numbers[:, : len(targets)]][:, :, None] + np.arange(width)].astype(total)
            first = sums[:, None, target : target + width]
            sums[:, target : target + width] = np.add.accumulate(np.concatenate([first, found], axis=1), axis=1)[:, -1]
            return sums

        return all_at_once

    def one_by_one(numbers, rows):
        sums = np.tile(start, (len(numbers), 1)).astype(total)
        for tree, (target, width) in enumerate(zip(targets, widths)):
            leaf = numbers[:, tree]
            for k in range(width):
                found = values[leaf_at[leaf] + k]
                if linear is not None:
                    found = _linear_values(linear, leaf_linear[leaf], found, rows)
                sums[:, target + k] = sums[:, target + k].astype(np.float64) + found
        return sums

    return one_by_one


def _linear_values(linear, models, plain, rows):
    result = plain.astype(np.float64)
    for r, model in enumerate(models.tolist()):
        if model < 0:
            continue
        between = slice(linear['starts'][model], linear['starts'][model + 1])
        x = rows[r, linear['feature'][between]].astype(np.float64)
        if np.isnan(x).any():
            continue
        value = float(linear['constant'][model])
        for coefficient, one in zip(linear['coefficient'][between].tolist(), x.tolist()):
            value += coefficient * one
        result[r] = value
    return result


def _open_layers(scores, functions):
    memory_at, precision = scores['memory'], np.dtype(scores['precision'])
    layers, rows = scores['layers'], memory_at['blockRows']
    inputs = layers[0]['inputs'] if layers else scores['outputCount']
    widths = [inputs, *(layer['stride'] for layer in layers)]
    function, memory = (None, np.zeros(memory_at['totalBytes'], np.uint8)) if functions is None else functions
    values = [_view(memory, precision, at, rows, width) for at, width in zip(memory_at['values'], widths)]
    steps = []
    for k, layer in enumerate(layers):
        if function is None:
            steps.append(_plain_layer(layer, values[k], values[k + 1]))
        else:
            for name in ('weights', 'bias'):
                place = layer[f'{name}At']
                memory[place : place + layer[name].nbytes] = layer[name].view(np.uint8)
            steps.append(function(f'layer{k}'))
        activate = _activation(layer, values[k + 1])
        if activate is not None:
            steps.append(activate)

    def run(count):
        if scores['skipsMissing']:
            first = values[0][:count]
            first[np.isnan(first)] = 0
        for step in steps:
            step(count)

    outputs = scores['outputCount']
    return rows, values[0], run, lambda count: values[-1][:count, :outputs].copy()


def _plain_layer(layer, given, to):
    weights = layer['weights'].reshape(layer['inputs'], layer['stride'])

    def sums(count):
        to[:count] = given[:count, : layer['inputs']] @ weights + layer['bias']
        if layer['activation'] == 'relu':
            np.maximum(to[:count], 0, out=to[:count])

    return sums


_SCORES = {'walk': _open_walk, 'layers': _open_layers}


# What is done before and after the scores


_FUNCTIONS = {
    'leaky-relu': lambda x, alpha: np.where(x < 0, alpha * x, x),
    'elu': lambda x, alpha: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x),
    'tanh': lambda x, alpha: np.tanh(x),
    'logistic': lambda x, alpha: 1 / (1 + np.exp(-x)),
    'softplus': lambda x, alpha: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
}


def _activation(layer, values):
    """What is left to do to a layer's sums; None: nothing."""
    name, outputs, alpha = layer['activation'], layer['outputs'], layer['alpha']
    if name in ('identity', 'relu'):
        return None
    apply = _softmax('float64') if name == 'softmax' else lambda x: _FUNCTIONS[name](x, alpha)

    def activate(count):
        part = values[:count, :outputs]
        part[:] = apply(part.astype(np.float64))

    return activate


def _finish(scores):
    """What is done to sums once all trees are in; None: nothing."""
    total = scores['sum']
    divide_by, scale, end, precision = total['divideBy'], total['scale'], total['end'], np.dtype(total['precision'])
    if divide_by == 1 and scale == 1 and not end.any():
        return None

    def finish(values):
        values = values.astype(np.float64)
        if divide_by != 1:
            values = (values / divide_by).astype(precision).astype(np.float64)
        if scale != 1:
            values = (values * scale).astype(precision).astype(np.float64)
        return np.where(end == 0, values, (values + end).astype(precision))

    return finish


def _arg_max(values):
    """The first of the largest; NaN is larger than nothing."""
    missing = np.isnan(values)
    if not missing.any():
        return values.argmax(axis=1)
    best = np.where(missing, -np.inf, values).argmax(axis=1)
    best[missing[:, 0]] = 0
    return best


def _label(label):
    by, cut = label['by'], label['cut']
    if by == 'largest':
        return lambda values: _arg_max(values).astype(np.int32)
    if by == 'above':
        return lambda values: (values[:, -1].astype(np.float64) > cut).astype(np.int32)
    return lambda values: (values[:, -1].astype(np.float64) >= cut).astype(np.int32)


def _logistic(transform):
    if transform['precision'] == 'float64':
        slope = transform['slope']
        return lambda values: 1 / (1 + np.exp(-slope * values.astype(np.float64)))
    one = np.float32(1)
    return lambda values: one / (np.exp(np.minimum(-values.astype(np.float64), LARGEST_EXPONENT)).astype(np.float32) + one)


def _softmax(precision):
    def softmax(values):
        values = values.astype(np.float64)
        powers = np.exp((values - values.max(axis=1, keepdims=True)).astype(precision).astype(np.float64)).astype(precision)
        total = np.add.accumulate(powers.astype(np.float64), axis=1)[:, -1:].astype(precision)
        return powers / total

    return softmax


def _expectiles(transform):
    def expectiles(values):
        values = values.astype(np.float64)
        for k in range(1, values.shape[1]):
            x = values[:, k]
            softplus = np.float32(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))
            before = np.float32(values[:, k - 1].astype(np.float32) + np.float32(1e-6))
            values[:, k] = before + softplus
        return values

    return expectiles


def _shares(values):
    values = values.astype(np.float64)
    total = np.add.accumulate(values, axis=1)[:, -1:]
    return np.where(total == 0, 1 / values.shape[1], values / total)


def _pair(transform):
    def pair(values):
        values = values.astype(np.float64)
        return np.concatenate([(1 - values).astype(transform['precision']), values], axis=1)

    return pair


#: They overflow for no number.
_SILENT = {('logistic', 'float32'), ('pair', 'float32'), ('pair', 'float64'), ('step', None), ('arg-max', None), ('sort', None)}
_TRANSFORMS = {
    'logistic': _logistic,
    'pair': _pair,
    'softmax': lambda one: _softmax(one['precision']),
    'exp': lambda one: lambda v: np.exp(v.astype(np.float64)).astype(one['precision']),
    'log1p-exp': lambda one: lambda v: np.log1p(np.exp(v.astype(np.float64))).astype(one['precision']),
    'signed-square': lambda one: lambda v: np.sign(v.astype(np.float64)) * v * v,
    'step': lambda one: lambda v: np.where(v > 0, 1.0, 0.0),
    'arg-max': lambda one: lambda v: _arg_max(v).astype(np.float64).reshape(-1, 1),
    'normalize': lambda one: _shares,
    'sort': lambda one: lambda v: np.sort(v, axis=1),
    'expectiles': _expectiles,
    'divide': lambda one: lambda v: v.astype(np.float64) / one['by'],
    'isolation': lambda one: lambda v: -(2.0 ** v.astype(np.float64)) - one['offset'],
    'clip': lambda one: lambda v: np.minimum(np.maximum(v.astype(np.float64), one['low']), one['high']),
}


def _steps(prepare):
    """What happens to rows before their scores, in float64."""
    return [_STEPS[step['kind']](step) for step in prepare]


def _scale(step):
    offset, factor, form, precision = step['offset'], step['factor'], step['form'], np.dtype(step['precision'])

    def rounded(values):
        return values.astype(precision).astype(np.float64)

    if form == 'multiply-add':
        return lambda rows: rounded(rounded(rows * factor) + offset)
    if form == 'subtract-divide':
        return lambda rows: rounded(rounded(rows - offset) / factor)
    return lambda rows: rounded(rounded(rows - offset) * factor)


def _impute(step):
    missing, values, indicators = step['missing'], np.asarray(step['values'], np.float64), list(step.get('indicators') or [])

    def impute(rows):
        is_missing = np.isnan(rows) if np.isnan(missing) else rows == missing
        filled = np.where(is_missing & ~np.isnan(values), values, rows)
        return np.concatenate([filled, is_missing[:, indicators].astype(np.float64)], axis=1) if indicators else filled

    return impute


def _one_hot(step):
    categories, whole = step['categories'], step.get('whole', False)

    def one_hot(rows):
        parts = []
        for k, known in enumerate(categories):
            column = rows[:, k : k + 1]
            if known is None:
                parts.append(column)
            else:
                parts.append((np.trunc(column) if whole else column) == known)
        return np.concatenate(parts, axis=1, dtype=np.float64)

    return one_hot


def _looked_up(rows, tables, otherwise, keeps_missing):
    """Each column's values by its table; None leaves a column alone."""
    result = rows.copy()
    for k, table in enumerate(tables):
        if table is None:
            continue
        column, other = rows[:, k], otherwise[k]
        result[:, k] = [table.get(x, other) for x in column.tolist()]
        if keeps_missing:
            np.copyto(result[:, k], column, where=np.isnan(column))
    return result


def _ordinal(step):
    tables = [None if one is None else dict(zip(one.tolist(), range(len(one)))) for one in step['categories']]
    unknown = [step['unknown']] * len(tables)
    return lambda rows: _looked_up(rows, tables, unknown, keeps_missing=True)


def _map(step):
    columns = step['columns']
    tables = [None if one is None else dict(zip(one['keys'].tolist(), one['values'].tolist())) for one in columns]
    otherwise = [None if one is None else one['otherwise'] for one in columns]
    return lambda rows: _looked_up(rows, tables, otherwise, keeps_missing=False)


def _bins(step):
    edges = step['edges']

    def bins(rows):
        result = rows.copy()
        for k, one in enumerate(edges):
            if one is not None:
                result[:, k] = np.where(np.isnan(rows[:, k]), np.nan, np.searchsorted(one, rows[:, k], side='right'))
        return result

    return bins


def _apply(step):
    precision = np.dtype(step['precision'])
    changes = [(k, _function(one)) for k, one in enumerate(step['functions']) if one is not None]

    def apply(rows):
        result = rows.copy()
        with np.errstate(all='ignore'):
            for k, change in changes:
                result[:, k] = change(rows[:, k].astype(precision).astype(np.float64)).astype(precision)
        return result

    return apply


def _function(one):
    name = one['name']
    if name == 'clip':
        return lambda x: np.clip(x, one['least'], one['most'])
    if name == 'box-cox':
        return _power(one['lambda'], np.log)
    if name == 'yeo-johnson':
        above, below = _power(one['lambda'], np.log1p), _power(2 - one['lambda'], np.log1p)
        return lambda x: np.where(x < 0, -below(-x), above(x))
    return getattr(np, name)


def _power(power, logarithm):
    return logarithm if abs(power) < 2**-52 else lambda x: np.expm1(power * logarithm(x)) / power


def _normalize(step):
    norm, precision, least = step['norm'], np.dtype(step['precision']), step.get('least', 0)

    def normalize(rows):
        if norm == 'max':
            size = np.abs(rows).max(axis=1, initial=0)
        else:
            parts = np.abs(rows) if norm == 'l1' else rows * rows
            size = np.add.accumulate(parts.astype(precision), axis=1)[:, -1].astype(np.float64)
            if norm == 'l2':
                size = np.sqrt(size).astype(precision).astype(np.float64)
        kept = (size != 0) & (size >= least)
        divided = (rows / np.where(kept, size, 1)[:, None]).astype(precision).astype(np.float64)
        return np.where(kept[:, None], divided, rows)

    return normalize


def _project(step):
    precision = np.dtype(step['precision'])
    weights, bias = step['weights'].reshape(-1, step['inputs']), step['bias'].reshape(1, -1, 1)

    def sums(rows):
        # One addition after the other, as the other backends add.
        terms = (rows[:, None, :] * weights).astype(precision)
        first = np.broadcast_to(bias, (len(rows), bias.shape[1], 1)).astype(precision)
        return np.add.accumulate(np.concatenate([first, terms], axis=2), axis=2)[:, :, -1].astype(np.float64)

    return _replacing(step, sums)


def _products(step):
    factors, precision = [one.tolist() for one in step['factors']], np.dtype(step['precision'])
    # Those that have a first factor, and which; those that have a second …
    turns = [[(k, one[turn]) for k, one in enumerate(factors) if len(one) > turn] for turn in range(max(map(len, factors), default=0))]
    turns = [([k for k, _ in one], [i for _, i in one]) for one in turns]

    def products(rows):
        result = np.ones((len(rows), len(factors)))
        for which, by in turns:
            result[:, which] = (result[:, which] * rows[:, by]).astype(precision)
        return result

    return _replacing(step, products)


def _replacing(step, change):
    """Columns at … at + inputs become others; few rows at a time, as sums have their terms side by side."""
    at, end = step['at'], step['at'] + step['inputs']

    def replace(rows):
        made = [change(rows[k : k + 64, at:end]) for k in range(0, max(len(rows), 1), 64)]
        return np.concatenate([rows[:, :at], np.concatenate(made), rows[:, end:]], axis=1)

    return replace


_STEPS = {
    'round': lambda step: lambda rows: rows.astype(np.float32).astype(np.float64),
    'scale': _scale,
    'impute': _impute,
    'take': lambda step: lambda rows: rows[:, step['columns']],
    'one-hot': _one_hot,
    'ordinal': _ordinal,
    'map': _map,
    'bins': _bins,
    'apply': _apply,
    'normalize': _normalize,
    'project': _project,
    'products': _products,
    'binarize': lambda step: lambda rows: (rows > step['thresholds']).astype(np.float64),
}
