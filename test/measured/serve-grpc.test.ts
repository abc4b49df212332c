// gRPC of the Open Inference Protocol against clients that are not ours: grpc-js, and Triton's in Python where it is (WHYSLOW_CLIENTS_PYTHON names an
// interpreter that has tritonclient[grpc,http]).
import { spawnSync } from 'node:child_process'
import * as grpc from '@grpc/grpc-js'
import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import { arrayBytes, exampleRequest } from '@whyslow/serving/support/serve/grpc/example-messages.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Serving, startServe } from '../support/serve.ts'
import { fixture, folders, whyslow } from './command.ts'

const where = folders()
let served: Serving
beforeAll(async () => {
  served = await startServe(where, fixture('symbolic-batch'), '--grpc-port', '0', '--workers', '1', '--name', 'm')
})
afterAll(async () => {
  expect(await served.end()).toBe(0)
  where.remove()
})

const asIs = (bytes: Uint8Array) => Buffer.from(bytes)
function call(method: string, bytes: Uint8Array): Promise<Buffer> {
  const client = new grpc.Client(`127.0.0.1:${served.grpcPort}`, grpc.credentials.createInsecure())
  return new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(`/inference.GRPCInferenceService/${method}`, asIs, asIs, bytes, (error, answer) =>
      error === null ? resolve(answer!) : reject(error),
    )
  }).finally(() => client.close())
}

describe('grpc-js', () => {
  test('health and metadata', async () => {
    for (const method of ['ServerLive', 'ServerReady']) expect([...(await call(method, new Uint8Array()))]).toEqual([8, 1])
    expect([...(await call('ModelReady', Uint8Array.of(0x0a, 1, 0x6d)))]).toEqual([8, 1])
    expect((await call('ModelMetadata', Uint8Array.of(0x0a, 1, 0x6d))).includes('FP32')).toBe(true)
  })

  test('what is not understood is refused by its status', async () => {
    await expect(call('ModelReady', Uint8Array.of(0x0a, 1, 0x6e))).rejects.toMatchObject({ code: grpc.status.NOT_FOUND })
    for (const bytes of [exampleRequest({ name: 'none', raw: [arrayBytes(1, 2)] }), Uint8Array.of(0x0a, 99)])
      await expect(call('ModelInfer', bytes)).rejects.toMatchObject({
        code: expect.toSatisfy((code: number) => code === grpc.status.INVALID_ARGUMENT || code === grpc.status.NOT_FOUND),
      })
    await expect(call('RepositoryIndex', new Uint8Array())).rejects.toMatchObject({ code: grpc.status.UNIMPLEMENTED })
  })
})

test('load over gRPC: requests of its metadata, and what the server tells of its answers', async () => {
  const address = `grpc://127.0.0.1:${served.grpcPort}/m`
  const load = ['load', address, '--protocol', 'oip', '--rate', '50', '--duration', '1', '--no-progress', '--json', '-']
  const { status, stdout, stderr } = await whyslow(where, ...load)
  expect(status, stderr).toBe(0)
  const { target, points, audit } = JSON.parse(stdout) as LoadDocument
  expect(target).toMatchObject({ protocol: 'oip', transport: 'grpc', inputs: { binary: true, tensors: [{ datatype: 'FP32' }] } })
  expect([points[0]!.errors, points[0]!.statuses]).toEqual([0, { 200: 50 }])
  expect(points[0]!.parts!.names).toEqual(expect.arrayContaining(['server: queue', 'server: compute']))
  expect(audit.ceilingPerSecond).toBeGreaterThan(0)
})

/** Asks over both, and compares; prints 'ok'. */
const TRITON = `
import sys
import numpy as np
import tritonclient.grpc as tg
import tritonclient.http as th
rng = np.random.default_rng(1)
answers = []
for module, address in ((th, sys.argv[1]), (tg, sys.argv[2])):
    client = module.InferenceServerClient(address)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready('m')
    metadata = client.get_model_metadata('m', **({'as_json': True} if module is tg else {}))
    inputs = []
    rng = np.random.default_rng(1)
    for one in metadata['inputs']:
        shape = [3 if int(size) < 0 else int(size) for size in one['shape']]
        tensor = module.InferInput(one['name'], shape, one['datatype'])
        tensor.set_data_from_numpy(rng.standard_normal(shape).astype(np.float32))
        inputs.append(tensor)
    config = client.get_model_config('m', **({'as_json': True} if module is tg else {}))
    config = config.get('config', config)
    assert (config['name'], config.get('max_batch_size', 0)) == ('m', 0), config
    for declared, told in ((metadata['inputs'], config['input']), (metadata['outputs'], config['output'])):
        assert [[one['name'], 'TYPE_' + one['datatype'], [int(size) for size in one['shape']]] for one in declared] == [
            [one['name'], one['data_type'], [int(size) for size in one['dims']]] for one in told], config
    name = metadata['outputs'][0]['name']
    answers.append(client.infer('m', inputs).as_numpy(name))
    asked = client.infer('m', inputs, outputs=[module.InferRequestedOutput(name)], request_id='7')
    assert asked.get_response()['id'] == '7' if module is th else asked.get_response().id == '7'
    try:
        client.infer('none', inputs)
        raise SystemExit('a model that there is not was predicted')
    except Exception as error:
        assert 'no such model' in str(error), error
assert np.array_equal(*answers), answers
print('ok')
`

test('tritonclient over HTTP and gRPC', ({ skip }) => {
  const python = process.env.WHYSLOW_CLIENTS_PYTHON
  if (python === undefined || python === '') {
    skip('WHYSLOW_CLIENTS_PYTHON names no interpreter that has tritonclient[grpc,http]')
    return
  }
  const { stdout, stderr } = spawnSync(python, ['-c', TRITON, `127.0.0.1:${served.port}`, `127.0.0.1:${served.grpcPort}`], {
    encoding: 'utf8',
  })
  expect(stdout, stderr).toBe('ok\n')
})
