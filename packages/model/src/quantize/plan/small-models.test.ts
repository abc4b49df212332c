import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { describe, expect, test } from 'vitest'
import { runSetup } from '../../../test/support/remedies/check-run.ts'
import { exampleSetup } from '../../../test/support/remedies/example-evidence.ts'
import { DEFAULT_QUANTIZE_OPTIONS } from '../write/choice.ts'
import { quantize } from '../write/quantize.ts'
import { conversion, identityOf, inputTypes, twinOf, withoutBorders } from './small-models.ts'

const image = (name: string, side = 6) => valueInfo(name, 'float32', [1, 4, side, side])
const weights = (name: string, seed: number) =>
  floatTensor(
    name,
    [4, 4, 3, 3],
    Array.from({ length: 144 }, (_, k) => Math.sin(k * seed) / 6),
  )
const convolution = (
  given: { readonly name?: string; readonly seed?: number; readonly pad?: number; readonly side?: number } = {},
) => {
  const { name = 'y', seed = 1, pad = 1, side = 6 } = given
  return modelInMemory(
    model({
      nodes: [node('Conv', ['x', 'w'], ['c'], { kernel_shape: [3, 3], pads: [pad, pad, pad, pad] }), node('Relu', ['c'], [name])],
      inputs: [image('x', side)],
      outputs: [image(name, side + 2 * pad - 2)],
      initializers: [weights('w', seed)],
    }),
  )
}
const feeds = {
  x: { dtype: 'float32', shape: [1, 4, 6, 6], data: Float32Array.from({ length: 144 }, (_, k) => Math.cos(k)) },
} as const

describe('identity', () => {
  const plain = identityOf(convolution())
  test('is that of operators, attributes and shapes, whatever names and numbers', () => {
    expect(identityOf(convolution({ name: 'other', seed: 2 }))).toBe(plain)
  })
  test.each([
    ['another attribute', convolution({ pad: 0 })],
    ['another shape', convolution({ side: 8 })],
  ])('%s is another', (_, other) => {
    expect(identityOf(other)).not.toBe(plain)
  })
})

test('twins add up to twice one of them, and differ in no other way', async () => {
  const one = convolution()
  const twin = twinOf(one)!
  expect(twin.proto.graph!.node.map(({ opType }) => opType)).toEqual(['Conv', 'Conv', 'Add', 'Relu'])
  const [[single], [both]] = [await runSetup(exampleSetup(one), [feeds]), await runSetup(exampleSetup(twin), [feeds])]
  const [a, b] = [single!.y!.data as Float32Array, both!.y!.data as Float32Array]
  b.forEach((value, k) => {
    expect(value).toBeCloseTo(2 * a[k]!, 4)
  })
})

test('no twin of what is no convolution', () => {
  const relu = model({ nodes: [node('Relu', ['x'], ['y'])], inputs: [image('x')], outputs: [image('y')] })
  expect(twinOf(modelInMemory(relu))).toBeUndefined()
})

test('without borders an int8 operator takes and gives int8', async () => {
  const ranges = new Map(['x', 'c', 'y'].map((value) => [value, { low: value === 'y' ? 0 : -2, high: 2 }]))
  const choice = { layers: new Map([['c', 'static' as const]]), ranges, options: DEFAULT_QUANTIZE_OPTIONS }
  const bare = withoutBorders(quantize(convolution(), choice).model)
  expect(bare.proto.graph!.node.map(({ opType }) => opType)).not.toContain('Relu')
  const { name, type } = inputTypes(bare)![0]!
  expect(type.dtype).toBe('uint8')
  const data = Uint8Array.from({ length: 144 }, (_, k) => (k * 37) % 256)
  const [results] = await runSetup(exampleSetup(bare), [{ [name]: { dtype: 'uint8', shape: [1, 4, 6, 6], data } }])
  expect(Object.values(results!)[0]).toMatchObject({ dtype: 'uint8', shape: [1, 4, 6, 6] })
})

test.each([
  ['quantize', 'float32', 'uint8'],
  ['dequantize', 'uint8', 'float32'],
  ['dynamic', 'float32', 'uint8'],
] as const)('%s converts', async (kind, from, to) => {
  const data = from === 'uint8' ? Uint8Array.of(1, 2, 255) : Float32Array.of(-1, 0, 1)
  const [results] = await runSetup(exampleSetup(conversion(kind, 3)), [{ x: { dtype: from, shape: [1, 3], data } }])
  expect(results!.y).toMatchObject({ dtype: to, shape: [1, 3] })
})
