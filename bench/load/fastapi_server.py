"""FastAPI with onnxruntime, as it is written by hand: a session, its run in the thread pool, tensors as raw bytes or as JSON lists.

    MODEL=model.onnx THREADS=1 uvicorn --app-dir bench/load fastapi_server:app
"""
import os

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

options = ort.SessionOptions()
options.intra_op_num_threads = int(os.environ['THREADS'])
session = ort.InferenceSession(os.environ['MODEL'], options, providers=['CPUExecutionProvider'])
DTYPES = {'tensor(float)': np.float32, 'tensor(int64)': np.int64, 'tensor(int32)': np.int32, 'tensor(double)': np.float64}
SHAPES = {one.name: [int(size) for size in given.split('x')] for one, given in zip(session.get_inputs(), os.environ['SHAPES'].split(','), strict=True)}
OUTPUTS = [one.name for one in session.get_outputs() if one.type.startswith('tensor')]
app = FastAPI()


def predict(feeds):
    return session.run(OUTPUTS, feeds)


@app.get('/health')
async def health():
    return {}


@app.post('/raw')
async def raw(request: Request):
    body, at, feeds = await request.body(), 0, {}
    for one in session.get_inputs():
        dtype = np.dtype(DTYPES[one.type])
        count = int(np.prod(SHAPES[one.name]))
        feeds[one.name] = np.frombuffer(body, dtype, count, at).reshape(SHAPES[one.name])
        at += count * dtype.itemsize
    results = await run_in_threadpool(predict, feeds)
    return Response(b''.join(np.ascontiguousarray(result).tobytes() for result in results), media_type='application/octet-stream')


@app.post('/json')
async def json(request: Request):
    given = await request.json()
    feeds = {one.name: np.asarray(given[one.name], DTYPES[one.type]) for one in session.get_inputs()}
    results = await run_in_threadpool(predict, feeds)
    return {name: result.tolist() for name, result in zip(OUTPUTS, results, strict=True)}
