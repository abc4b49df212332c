import { expect, test } from 'vitest'
import { floatTensor, graph, int64Tensor, model, modelInMemory, node, rawTensor, valueInfo } from './build.ts'
import { constantsOf } from './constants.ts'
import { viewGraph } from './view.ts'
import { weightStatistics, withWeightStatistics } from './weight-statistics.ts'

function statisticsOf(tensor: Parameters<typeof model>[0]['initializers'] extends readonly (infer T)[] | undefined ? T : never) {
  const inMemory = modelInMemory(model({ nodes: [], outputs: [], initializers: [tensor] }))
  return weightStatistics(inMemory, constantsOf(inMemory)[0]!)
}

test('range, zeros, NaN and subnormal numbers', () => {
  // 2^-127 and -1e-40 are subnormal, 2^-126 is the smallest that is not.
  const values = [0, -0, 2 ** -127, -1e-40, 2 ** -126, 3, -5, NaN]
  expect(statisticsOf(floatTensor('w', [8], values))).toEqual({
    min: -5,
    max: 3,
    subnormalShare: 2 / 8,
    zeroShare: 2 / 8,
    nanCount: 1,
  })
})

test('bytes that are not aligned', () => {
  const bytes = new Uint8Array(9)
  bytes.set(new Uint8Array(Float32Array.of(1, 2).buffer), 1)
  expect(statisticsOf(rawTensor('w', 'float32', [2], bytes.subarray(1)))).toMatchObject({ min: 1, max: 2 })
})

test('float16 is judged as the float32 it becomes', () => {
  // 0x0001 is 2^-24, subnormal in float16 and normal in float32; 0xc000 is -2.
  const bytes = new Uint8Array(Uint16Array.of(0x0001, 0xc000).buffer)
  expect(statisticsOf(rawTensor('w', 'float16', [2], bytes))).toEqual({
    min: -2,
    max: 2 ** -24,
    subnormalShare: 0,
    zeroShare: 0,
    nanCount: 0,
  })
})

test('int8', () => {
  const bytes = new Uint8Array(Int8Array.of(-128, 0, 65).buffer)
  expect(statisticsOf(rawTensor('w', 'int8', [3], bytes))).toMatchObject({
    min: -128,
    max: 65,
    subnormalShare: 0,
    zeroShare: 1 / 3,
  })
})

test('nothing for other types and empty tensors, NaN where all is NaN', () => {
  expect(statisticsOf(int64Tensor('w', [1], [1]))).toBeUndefined()
  expect(statisticsOf(floatTensor('w', [0], []))).toBeUndefined()
  expect(statisticsOf(floatTensor('w', [1], [NaN]))).toMatchObject({ min: NaN, max: NaN, nanCount: 1 })
})

test('external weights are read in pieces, and every element counts once', () => {
  // 2,500,000 float32 are 10 MB: pieces of 4, 4 and 2 MiB or so.
  const count = 2_500_000
  const file = new Float32Array(count).fill(1)
  file[count - 1] = 9
  const bytes = new Uint8Array(file.buffer)
  const lengths: number[] = []
  const tensor = rawTensor('w', 'float32', [count], new Uint8Array(0))
  tensor.dataLocation = 1
  tensor.externalData = [{ $typeName: 'onnx.StringStringEntryProto', key: 'location', value: 'w.bin' }]
  const read = (offset: number, length: number) => {
    lengths.push(length)
    return bytes.subarray(offset, offset + length)
  }
  const inMemory = {
    ...modelInMemory(model({ nodes: [], outputs: [], initializers: [tensor] })),
    weights: new Map([['w.bin', { sizeBytes: bytes.length, read }]]),
  }
  const seen = weightStatistics(inMemory, constantsOf(inMemory)[0]!)
  expect(seen).toEqual({ min: 1, max: 9, subnormalShare: 0, zeroShare: 0, nanCount: 0 })
  expect(Math.max(...lengths)).toBeLessThanOrEqual(4 * 2 ** 20)
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(10_000_000)
})

test('withWeightStatistics describes constants of the graph and of subgraphs, from a given size on', () => {
  const branch = graph({
    nodes: [node('Constant', [], ['k'], { value: floatTensor('', [4], [1, 2, 3, 4]) })],
    outputs: [valueInfo('k', 'float32', [4])],
  })
  const proto = model({
    nodes: [
      node('Constant', [], ['c'], { value_floats: { floats: [1, 2, 3, 4] } }),
      node('If', ['flag'], ['y'], { then_branch: branch, else_branch: branch }),
    ],
    inputs: [valueInfo('flag', 'bool', [])],
    outputs: [valueInfo('y', 'float32', [4])],
    initializers: [floatTensor('small', [1], [1])],
  })
  const inMemory = modelInMemory(proto)
  const view = viewGraph(inMemory)
  const described = withWeightStatistics(inMemory, view, 16)
  expect(described.constants.c!.statistics).toMatchObject({ min: 1, max: 4 })
  expect(described.constants.small!.statistics).toBeUndefined()
  expect(described.nodes[0]!.subgraphs.else_branch!.constants.k!.statistics).toMatchObject({ max: 4 })
  expect(view.constants.c!.statistics).toBeUndefined()
})
