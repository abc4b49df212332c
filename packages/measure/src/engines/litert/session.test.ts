// The session on an API that writes nothing native: which memory it asks for, and how much it writes there.
import { describe, expect, test } from 'vitest'
import type { TensorValue } from '../types.ts'
import { type LitertApi, layoutOf } from './c-api.ts'
import { openSession } from './session.ts'

const FLOAT32 = 1

/** LiteRT with one input and one output of float32 of this shape; -1: free. */
function exampleApi(shape: readonly number[]) {
  const native = new Uint8Array(4096)
  const [views, catches]: [number[], number[]] = [[], [0]]
  const answers: Readonly<Record<string, unknown>> = {
    GetNumModelSignatures: 1,
    GetSignatureKey: 'serving_default',
    GetNumSignatureInputs: 1,
    GetNumSignatureOutputs: 1,
    GetSignatureInputName: 'x',
    GetSignatureOutputName: 'y',
  }
  const koffi = {
    alloc: () => ({}),
    encode: () => {},
    free: () => {},
    decode: () => [layoutOf([1])],
    view: (_: unknown, size: number) => {
      views.push(size)
      return native.buffer.slice(0, size)
    },
    // Only what catches stderr loads a library.
    load: () => {
      catches[0]!++
      throw new Error('not here')
    },
  }
  const api = {
    koffi,
    nothing: {},
    free: () => {},
    types: {},
    calls: { RunCompiledModel: () => 0 },
    got: (name: string) => answers[name] ?? {},
    call: (name: string, _: unknown, out: Record<string, unknown>) => {
      if (name === 'GetRankedTensorType') Object.assign(out, { element: FLOAT32, layout: layoutOf(shape) })
    },
  }
  return { api: api as unknown as LitertApi, views, caught: () => catches[0]! }
}

const floats = (count: number, ...shape: number[]): TensorValue => ({ dtype: 'float32', shape, data: new Float32Array(count) })

describe('a session of LiteRT', () => {
  test.each([
    ['longer', floats(100, 1, 4), 'the input x has 400 bytes, and 16 by its shape 1x4'],
    ['shorter', floats(3, 1, 4), 'the input x has 12 bytes, and 16 by its shape 1x4'],
    ['of no size', floats(0, 1, 4), 'the input x has 0 bytes, and 16 by its shape 1x4'],
  ])('writes no feed that is %s than its shape says', async (_, x, message) => {
    const { api, views } = exampleApi([1, 4])
    const session = openSession(api, 'm.tflite', {})
    await expect(session.run({ x })).rejects.toThrow(message)
    expect(views).toEqual([])
    await session.run({ x: floats(4, 1, 4) })
    expect(views).toEqual([16, 4])
  })

  test('a free size below zero is refused', async () => {
    const session = openSession(exampleApi([-1, 4]).api, 'm.tflite', {})
    await expect(session.run({ x: floats(4, -1, -4) })).rejects.toThrow(/the input x/)
    await expect(session.run({ x: floats(0, 0.5, 4) })).rejects.toThrow(/the input x has 0 bytes/)
  })

  test('leaves the stderr of the process alone once shapes were accepted', async () => {
    const { api, caught } = exampleApi([-1, 4])
    const session = openSession(api, 'm.tflite', {})
    await session.run({ x: floats(4, 1, 4) })
    const atFirst = caught()
    for (const rows of [2, 3, 1]) await session.run({ x: floats(4 * rows, rows, 4) })
    expect(caught()).toBe(atFirst)
  })
})
