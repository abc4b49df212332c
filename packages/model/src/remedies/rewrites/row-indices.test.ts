import { int64Tensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { expect, test } from 'vitest'
import {
  checkRemedy,
  engineTools,
  exampleEvidence,
  exampleSetup,
  largestDifference,
  randomFeeds,
  runSetup,
} from '../../../test/support/remedies/check-remedy.ts'
import { rowIndices } from './row-indices.ts'

type Sizes = readonly (number | string)[]

interface Given {
  readonly opType?: 'ScatterElements' | 'GatherElements'
  readonly data: Sizes
  /** Of the indices, one for each row; in random feeds they are 0 to 3. */
  readonly rows: Sizes
  readonly moved: Sizes
  readonly axis?: number
  readonly reduction?: string
  readonly opset?: number
  readonly dtype?: 'float32' | 'float64'
  readonly indices?: 'int32' | 'int64'
  /** What repeats the indices: up to the shape of the updates, up to constant sizes, or so many times. */
  readonly by?: 'shape' | 'sizes' | 'tile'
}

function of({
  opType = 'ScatterElements',
  axis = 0,
  opset = 18,
  dtype = 'float32',
  indices = 'int64',
  by = 'shape',
  ...given
}: Given) {
  const { data, rows, moved, reduction = 'add' } = given
  const scatters = opType === 'ScatterElements'
  const sizes = (by === 'sizes' ? moved : moved.map((size, at) => (rows[at] === 1 ? size : 1))).map(Number)
  const repeat =
    by === 'shape'
      ? [node('Shape', ['updates'], ['s']), node('Expand', ['rows', 's'], ['i'])]
      : [node(by === 'tile' ? 'Tile' : 'Expand', ['rows', 'sizes'], ['i'])]
  const attributes = { axis, ...(scatters && reduction !== 'none' && { reduction }) }
  const inputs = scatters ? ['data', 'i', 'updates'] : ['data', 'i']
  return model({
    nodes: [...repeat, node({ opType, name: 'one' }, inputs, ['y'], attributes)],
    inputs: [
      valueInfo('data', dtype, [...data]),
      valueInfo('rows', indices, [...rows]),
      ...(scatters ? [valueInfo('updates', dtype, [...moved])] : []),
    ],
    outputs: [valueInfo('y', dtype, scatters ? [...data] : [...moved])],
    initializers: by === 'shape' ? [] : [int64Tensor('sizes', [sizes.length], sizes)],
    opset,
  })
}

const added: Given = { data: [5, 6], rows: [9, 1], moved: [9, 6] }
const taken: Given = { opType: 'GatherElements', data: [3, 5, 6], rows: [3, 9, 1], moved: [3, 9, 6], axis: 1, by: 'sizes' }
const fromEnd = {
  data: { dtype: 'float32', shape: [5, 6], data: Float32Array.from({ length: 30 }, (_, k) => k / 7) },
  rows: { dtype: 'int64', shape: [9, 1], data: BigInt64Array.from([-1n, 4n, -5n, 0n, 2n, 2n, -3n, 1n, -1n]) },
  updates: { dtype: 'float32', shape: [9, 6], data: Float32Array.from({ length: 54 }, (_, k) => 1 / (k + 1)) },
} as const

checkRemedy(rowIndices, {
  applies: [
    {
      name: 'sums by row, in the same order',
      model: of(added),
      operators: ['ScatterND'],
      changes: /^1 ScatterElements by one index for each row$/,
      tolerance: 0,
    },
    { name: 'indices from the end', model: of(added), feeds: fromEnd, operators: ['ScatterND'], tolerance: 0 },
    { name: 'the largest by row', model: of({ ...added, reduction: 'max' }), operators: ['ScatterND'], tolerance: 0 },
    {
      name: 'products, along an axis from the end, of indices repeated by Tile',
      model: of({ ...added, axis: -2, reduction: 'mul', opset: 16, by: 'tile' }),
      operators: ['ScatterND'],
    },
    {
      name: 'rows of several axes',
      model: of({ data: [5, 2, 3], rows: [9, 1, 1], moved: [9, 2, 3] }),
      operators: ['Reshape', 'ScatterND'],
    },
    { name: 'rows taken in each sample', model: of(taken), operators: ['GatherND'], tolerance: 0 },
    {
      name: 'rows of doubles taken in a free number of samples',
      model: of({ ...taken, data: ['n', 5, 6], rows: ['n', 9, 1], moved: ['n', 9, 6], by: 'tile', dtype: 'float64' }),
      operators: ['GatherND'],
    },
    {
      name: 'rows of the first axis taken, before opset 12',
      model: of({ ...taken, data: [5, 2, 3], rows: [9, 1, 1], moved: [9, 2, 3], axis: 0, opset: 11 }),
      operators: ['Reshape', 'GatherND'],
    },
  ],
  leaves: [
    { name: 'which of two rows stays is not said', model: of({ ...added, reduction: 'none' }) },
    {
      name: 'a free number of rows, which may be added on several threads',
      model: of({ ...added, rows: ['n', 1], moved: ['n', 6] }),
    },
    { name: 'indices of 32 bits', model: of({ ...taken, indices: 'int32' }) },
    { name: 'sums of doubles', model: of({ ...added, dtype: 'float64' }) },
    {
      name: 'more elements than are surely added on one thread',
      model: of({ data: [5, 1024], rows: [129, 1], moved: [129, 1024] }),
    },
    { name: 'part of each row', model: of({ ...added, data: [5, 7] }) },
    { name: 'an index for each column', model: of({ data: [9, 6], rows: [1, 6], moved: [9, 6], axis: 1, by: 'tile' }) },
    { name: 'sums in each sample', model: of({ data: [2, 5, 3], rows: [2, 4, 1], moved: [2, 4, 3], axis: 1 }) },
    { name: 'rows taken in the first samples of several', model: of({ ...taken, data: [4, 5, 6] }) },
    { name: 'rows taken in each sample before opset 12', model: of({ ...taken, opset: 11 }) },
  ],
})

test('random shapes, axes and reductions: what is rewritten gives the same numbers, and rows are', async () => {
  const random = mulberry32(11)
  const below = (limit: number) => Math.floor(random() * limit)
  const rewritten = { GatherElements: 0, ScatterElements: 0 }
  for (let k = 0; k < 40; k++) {
    const rank = 2 + below(3)
    const axis = below(1 + below(rank))
    const opType = random() < 0.5 ? 'GatherElements' : 'ScatterElements'
    // Now and then a part of what stands before or behind.
    const moved = Array.from({ length: rank }, () => 4 + below(3))
    const data = moved.map((size) => size + (random() < 0.1 ? 1 : 0))
    const rows = moved.map((size, at) => (at > axis || (at < axis && random() < 0.2) ? 1 : size))
    const reduction = ['add', 'mul', 'max', 'min'][below(4)]!
    const setup = exampleSetup(of({ opType, data, rows, moved, axis, reduction, by: random() < 0.5 ? 'sizes' : 'tile' }))
    const [proposal] = await rowIndices.apply(setup, exampleEvidence(), engineTools)
    const isOfRows =
      axis < rank - 1 && data.every((size, at) => at === axis || size === moved[at]) && !rows.slice(0, axis).includes(1)
    expect(proposal !== undefined, `${opType} ${data} ${rows} ${axis}`).toBe(
      isOfRows && (opType === 'GatherElements' || axis === 0),
    )
    if (proposal === undefined) continue
    rewritten[opType]++
    const feeds = [randomFeeds(setup.model, k + 1)]
    const [[before], [after]] = [await runSetup(setup, feeds), await runSetup(proposal.setup, feeds)]
    expect(largestDifference(after!.y!, before!.y!)).toBe(0)
  }
  expect(Math.min(...Object.values(rewritten))).toBeGreaterThan(2)
})
