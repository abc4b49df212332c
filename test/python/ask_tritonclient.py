"""Asks a server whose model gives back what it takes with Triton's clients: every datatype, JSON, binary and gRPC, and what is refused.

    python ask_tritonclient.py HTTP_ADDRESS GRPC_ADDRESS
"""
import sys

import numpy as np
import tritonclient.grpc as tg
import tritonclient.http as th
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

ROWS = 3


def values_of(datatype, shape):
    rng = np.random.default_rng(len(datatype))
    if datatype == 'BYTES':
        return np.array(['', 'plain', 'ünïcode \u2603', 'line\nbreak', 'a' * 300, '"'], dtype=np.object_).reshape(shape)
    dtype = np.dtype(triton_to_np_dtype(datatype))
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.kind in 'iu':
        limits = np.iinfo(dtype)
        values = rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
        values.flat[0], values.flat[1] = limits.min, limits.max
        return values
    return rng.standard_normal(shape).astype(dtype)


def as_text(array):
    return [one.decode() if isinstance(one, bytes) else one for one in array.flat]


def same(given, taken):
    if given.dtype == np.object_:
        return as_text(given) == as_text(taken)
    return given.dtype == taken.dtype and given.shape == taken.shape and np.array_equal(given, taken)


def refused(ask, words):
    try:
        ask()
    except InferenceServerException as error:
        assert words in str(error), f'{words!r} is not in {error}'
        return
    raise SystemExit(f'was not refused: {words}')


def check(module, client, metadata, how):
    binary = {'binary_data': how == 'binary'} if module is th else {}
    inputs, given = [], {}
    for one in metadata['inputs']:
        shape = [ROWS if int(size) < 0 else int(size) for size in one['shape']]
        if how == 'json' and one['datatype'] == 'FP16':
            continue
        given[one['name']] = values_of(one['datatype'], shape)
        tensor = module.InferInput(one['name'], shape, one['datatype'])
        tensor.set_data_from_numpy(given[one['name']], **binary)
        inputs.append(tensor)
    wanted = [module.InferRequestedOutput(f'out_{name}', **binary) for name in given]
    if how == 'json':
        # 16-bit floats have no form in JSON: they are the one that goes binary.
        half = next(one for one in metadata['inputs'] if one['datatype'] == 'FP16')
        tensor = module.InferInput(half['name'], [ROWS, 2], 'FP16')
        tensor.set_data_from_numpy(values_of('FP16', [ROWS, 2]), binary_data=True)
        inputs.append(tensor)
    answer = client.infer('m', inputs, outputs=wanted, request_id='7')
    said = answer.get_response()
    assert (said['id'] if module is th else said.id) == '7'
    for name, values in given.items():
        assert same(values, answer.as_numpy(f'out_{name}')), (how, name, values, answer.as_numpy(f'out_{name}'))
    everything = client.infer('m', inputs)
    for name, values in given.items():
        assert same(values, everything.as_numpy(f'out_{name}')), (how, name)
    refused(lambda: client.infer('none', inputs), 'no such model')
    refused(lambda: client.infer('m', inputs[1:]), 'missing')
    refused(lambda: client.infer('m', [*inputs, inputs[0]]), 'twice')
    wrong = module.InferInput(metadata['inputs'][0]['name'], [ROWS, 5], metadata['inputs'][0]['datatype'])
    wrong.set_data_from_numpy(values_of(metadata['inputs'][0]['datatype'], [ROWS, 5]), **binary)
    refused(lambda: client.infer('m', [wrong, *inputs[1:]]), 'takes the shape')
    refused(lambda: client.infer('m', inputs, outputs=[module.InferRequestedOutput('other', **binary)]), 'none of the model')


def main():
    for module, address in ((th, sys.argv[1]), (tg, sys.argv[2])):
        client = module.InferenceServerClient(address)
        assert client.is_server_live() and client.is_server_ready() and client.is_model_ready('m')
        as_json = {'as_json': True} if module is tg else {}
        assert client.get_server_metadata(**as_json)['name'] == 'whyslow'
        metadata = client.get_model_metadata('m', **as_json)
        for how in ('binary', 'json') if module is th else ('gRPC',):
            check(module, client, metadata, how)
        client.close()
    print(f"ok {' '.join(sorted(one['datatype'] for one in metadata['inputs']))}")


main()
