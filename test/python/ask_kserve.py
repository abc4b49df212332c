"""Asks a server whose model gives back what it takes with kserve's own clients: every datatype they have, REST and gRPC, and what is refused.

    python ask_kserve.py HTTP_ADDRESS GRPC_ADDRESS
"""
import asyncio
import sys

import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig

DTYPES = {
    'BOOL': np.bool_, 'UINT8': np.uint8, 'INT8': np.int8, 'INT16': np.int16, 'INT32': np.int32, 'INT64': np.int64,
    'UINT16': np.uint16, 'UINT32': np.uint32, 'UINT64': np.uint64, 'FP16': np.float16, 'FP32': np.float32, 'FP64': np.float64,
}  # fmt: skip
ROWS = 3
# What the model of the test takes; kserve's clients have no call for metadata.
INPUTS = [*DTYPES, 'BYTES']


def values_of(datatype):
    if datatype == 'BYTES':
        return np.array([[b'', b'plain'], ['ü\u2603'.encode(), b'line\nbreak'], [b'a' * 300, b'"']], dtype=np.object_)
    return np.arange(2 * ROWS).reshape(ROWS, 2).astype(DTYPES[datatype])


def request_of(inputs, binary, model='m'):
    tensors = []
    for datatype in inputs:
        values = values_of(datatype)
        tensor = InferInput(datatype.lower(), list(values.shape), datatype)
        # As JSON 16-bit floats have no form.
        tensor.set_data_from_numpy(values, binary_data=binary or datatype == 'FP16')
        tensors.append(tensor)
    return InferRequest(model_name=model, infer_inputs=tensors, request_id='7')


def check(answer):
    assert answer.id == '7', answer.id
    assert sorted(output.name for output in answer.outputs) == sorted(f'out_{one.lower()}' for one in INPUTS)
    for output in answer.outputs:
        datatype = output.name.removeprefix('out_').upper()
        given, taken = values_of(datatype), output.as_numpy()
        if datatype == 'BYTES':
            text = [one if isinstance(one, bytes) else str(one).encode() for one in taken.flat]
            assert text == list(given.flat), text
        else:
            assert np.array_equal(given, taken), (datatype, taken)


async def refused(answer, words):
    try:
        await answer
    except Exception as error:
        assert words in str(error) or words in str(getattr(error, 'response', None) and error.response.text), error
        return
    raise SystemExit(f'was not refused: {words}')


async def main():
    address = f'http://{sys.argv[1]}'
    rest = InferenceRESTClient(RESTConfig(protocol='v2', retries=0))
    assert await rest.is_server_live(address) and await rest.is_server_ready(address) and await rest.is_model_ready(address, 'm')
    # Outputs come as JSON where nobody asks for bytes, and 16-bit floats cannot.
    binary = request_of(INPUTS, True)
    binary.parameters = {'binary_data_output': True}
    check(await rest.infer(address, binary, model_name='m'))
    await refused(rest.infer(address, request_of(INPUTS, True, 'none'), model_name='none'), 'no such model')
    await refused(rest.infer(address, request_of(INPUTS[1:], True), model_name='m'), 'missing')
    await rest.close()
    grpc = InferenceGRPCClient(url=sys.argv[2])
    assert await grpc.is_server_live() and await grpc.is_server_ready() and await grpc.is_model_ready('m')
    check(await grpc.infer(request_of(INPUTS, True)))
    await refused(grpc.infer(request_of(INPUTS, True, 'none')), 'no such model')
    await refused(grpc.infer(request_of(INPUTS[1:], True)), 'missing')
    await grpc.close()
    print('ok')


asyncio.run(main())
