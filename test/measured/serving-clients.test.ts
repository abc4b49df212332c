// The server against clients that are not ours, without an option of ours: Triton's and kserve's in Python (WHYSLOW_CLIENTS_PYTHON names an
// interpreter that has tritonclient[grpc,http] and kserve). The model gives back what it takes, in every datatype.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest'
import { ROOT } from '../root.ts'
import { type Serving, startServe } from '../support/serve.ts'
import { folders } from './command.ts'

const DTYPES = {
  bool: 'bool',
  uint8: 'uint8',
  int8: 'int8',
  uint16: 'uint16',
  int16: 'int16',
  uint32: 'uint32',
  int32: 'int32',
  uint64: 'uint64',
  int64: 'int64',
  fp16: 'float16',
  fp32: 'float32',
  fp64: 'float64',
  bytes: 'string',
}
const PREDICT = `export async function load() {
  return {
    async predict(feeds) {
      return Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => ['out_' + name, tensor]))
    },
    async close() {},
  }
}
`
const where = folders()
const folder = join(where.root, 'echo')
mkdirSync(folder)
writeFileSync(join(folder, 'predict.mjs'), PREDICT)
writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
const tensors = (prefix: string) =>
  Object.entries(DTYPES).map(([name, dtype]) => ({ name: `${prefix}${name}`, isTensor: true, dtype, shape: ['n', 2] }))
writeFileSync(
  join(folder, 'manifest.json'),
  JSON.stringify({ schema: 'whyslow-folder/1', model: 'model.onnx', inputs: tensors(''), outputs: tensors('out_') }),
)

const python = process.env.WHYSLOW_CLIENTS_PYTHON ?? ''
let served: Serving | null = null
beforeAll(async () => {
  if (python === '') return
  served = await startServe(where, folder, '--grpc-port', '0', '--name', 'm')
})
afterAll(async () => {
  if (served !== null) expect(await served.end()).toBe(0)
  where.remove()
})

/** What it printed; the test is left out where the interpreter does not have the package. */
function asked({ skip }: TestContext, script: string, packageName: string): string {
  if (served === null) return skip('WHYSLOW_CLIENTS_PYTHON names no interpreter that has tritonclient[grpc,http] and kserve')
  if (spawnSync(python, ['-c', `import ${packageName}`]).status !== 0) return skip(`${python} has no ${packageName}`)
  const addresses = [served.port, served.grpcPort].map((port) => `127.0.0.1:${port}`)
  const { stdout, stderr } = spawnSync(python, [join(ROOT, 'test/python', script), ...addresses], { encoding: 'utf8' })
  return stdout === '' ? stderr : stdout
}

test('tritonclient: every datatype as JSON, binary and over gRPC, and what is refused', (context) => {
  const datatypes = Object.keys(DTYPES)
    .map((name) => name.toUpperCase())
    .sort()
  expect(asked(context, 'ask_tritonclient.py', 'tritonclient')).toBe(`ok ${datatypes.join(' ')}\n`)
})

test('kserve: every datatype over REST and gRPC, and what is refused', (context) => {
  expect(asked(context, 'ask_kserve.py', 'kserve')).toBe('ok\n')
})
