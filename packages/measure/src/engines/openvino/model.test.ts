import { expect, test } from 'vitest'
import type { OpenvinoApi } from './c-api.ts'
import { openModel } from './model.ts'

/** What the C API is asked for, without a library; `tensors` are those that are not freed, with the bytes of the caller's that they are over. */
function exampleApi() {
  const tensors = new Map<unknown, number>()
  const api = {
    got(name: string, ...given: readonly unknown[]): unknown {
      if (name === 'tensor_get_byte_size') return 8
      const made = {}
      if (name === 'tensor_create') tensors.set(made, 0)
      if (name === 'tensor_create_from_host_ptr') tensors.set(made, (given.at(-1) as ArrayBufferView).byteLength)
      return made
    },
    call: () => undefined,
    free(kind: string, one: unknown) {
      if (kind === 'tensor') expect(tensors.delete(one)).toBe(true)
    },
  }
  return { api: api as unknown as OpenvinoApi, tensors }
}

const inputs = ['x', 'z'].map((name) => ({ name, isTensor: true, dtype: 'float32' as const, shape: ['n'] as const }))

test('arrays of the caller’s that stay known are 64 MB in all, over all inputs and shapes; close() frees what is left, each once', () => {
  const { api, tensors } = exampleApi()
  const model = openModel(
    api,
    'm.onnx',
    { device: 'CPU', properties: {} },
    { declare: () => ({ inputs, outputs: [] }), infer: () => {} },
  )
  const shared = () => [...tensors.values()].reduce((sum, bytes) => sum + bytes, 0)
  const feed = (length: number, x = new Float32Array(length)) => {
    const z = { dtype: 'float32' as const, shape: [length], data: new Float32Array(length) }
    return model.predict({ x: { dtype: 'float32', shape: [length], data: x }, z })
  }
  const again = new Float32Array(1_000_001)
  for (const length of [1_000_001, 1_000_002, 1_000_003, 1_000_004, 1_000_001, 1_000_005])
    for (let k = 0; k < 3; k++) {
      feed(length, length === again.length && k === 1 ? again : undefined)
      expect(shared()).toBeLessThanOrEqual(64e6)
    }
  expect(shared()).toBeGreaterThan(50e6)
  // What a prediction reads stays.
  feed(10_000_000)
  expect(shared()).toBe(80_000_000)
  feed(1_000_001, again)
  expect(shared()).toBeLessThanOrEqual(64e6)
  model.close()
  expect(tensors.size).toBe(0)
})
