import { int64Tensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import type { TensorProto } from 'onnx-buf'
import { expect } from 'vitest'
import { checkRemedy, exampleSetup, profileAsWritten, randomFeeds } from '../../../test/support/remedies/check-remedy.ts'
import { slicesToSplit } from './slices-to-split.ts'

type Cut = readonly [start: number, end: number]
interface Given {
  readonly shape: readonly Dimension[]
  readonly axes: readonly number[]
  /** For each Slice, a range of each axis. */
  readonly cuts: readonly (readonly Cut[])[]
  readonly opset?: number
  readonly dtype?: DType
  readonly steps?: readonly number[]
}
const END = 2 ** 31 - 1

/** Slices of x, each an output. */
function sliced({ shape, axes, cuts, opset = 17, dtype = 'float32', steps }: Given) {
  const initializers: TensorProto[] = []
  const nodes = cuts.map((ranges, k) => {
    const [starts, ends] = [ranges.map(([start]) => start), ranges.map(([, end]) => end)]
    if (opset < 10) return node('Slice', ['x'], [`y${k}`], { starts, ends, axes })
    const given = { starts, ends, axes, ...(steps ? { steps } : {}) }
    const inputs = Object.entries(given).map(([name, values]) => {
      initializers.push(int64Tensor(`${name}${k}`, [values.length], values))
      return `${name}${k}`
    })
    return node('Slice', ['x', ...inputs], [`y${k}`])
  })
  return model({
    nodes,
    initializers,
    opset,
    inputs: [valueInfo('x', dtype, shape)],
    outputs: cuts.map((_, k) => valueInfo(`y${k}`, dtype)),
  })
}

const quarters: Given = {
  shape: ['n', 2, 3, 2],
  axes: [0, 1, 2, 3],
  cuts: [0, 1].flatMap((i) =>
    [0, 1].map((j): readonly Cut[] => [
      [0, END],
      [i, i + 1],
      [0, END],
      [j, j + 1],
    ]),
  ),
}
const thirds: Given = { shape: [2, 6], axes: [-1], cuts: [[[0, 2]], [[2, 4]], [[-2, END]]] }

/** The profile of an engine that made a Split of them itself. */
async function splitByTheEngine(given: Given) {
  const setup = exampleSetup(sliced(given))
  const written = await profileAsWritten(setup, randomFeeds(setup.model, 1))
  const origin = written.nodes.map(({ name }) => name)
  return { ...written, nodes: [{ ...written.nodes[0]!, name: 'fused', opType: 'Split', origin }] }
}

checkRemedy(slicesToSplit, {
  applies: [
    {
      name: 'parts along one axis, with negative places',
      model: sliced({ ...thirds, steps: [1] }),
      operators: ['Split'],
      changes: /^3 Slices became 1 Split$/,
    },
    { name: 'of opset 9, where all are attributes', model: sliced({ ...thirds, opset: 9 }), operators: ['Split'] },
    { name: 'of integers', model: sliced({ ...thirds, dtype: 'int64' }), operators: ['Split'] },
    {
      name: 'parts along two axes: the outer one first',
      model: sliced(quarters),
      operators: ['Split', 'Split', 'Split'],
      changes: /^4 Slices became 3 Splits$/,
      check: ({ setup }) => {
        const axes = setup.model.proto.graph!.node.map(({ attribute }) => Number(attribute[0]!.i))
        expect(axes).toEqual([1, 3, 3])
      },
    },
    {
      name: 'parts along two axes where only one order needs few: rows of [3, 4] by columns 0 to 2 and 2 to 4',
      model: sliced({
        shape: [3, 4],
        axes: [0, 1],
        cuts: [0, 1, 2].flatMap((row) => [
          [
            [row, row + 1],
            [0, 2],
          ] as const,
          [
            [row, row + 1],
            [2, 4],
          ] as const,
        ]),
      }),
      operators: ['Split', 'Split', 'Split'],
    },
    {
      name: 'with a gap of a quarter that nobody reads',
      model: sliced({ ...thirds, shape: [2, 8], cuts: [[[0, 2]], [[4, 6]], [[6, 8]]] }),
      operators: ['Split'],
    },
    {
      name: 'beside one that takes all, and one along a free dimension: those stay',
      model: sliced({
        shape: ['n', 6],
        axes: [0, 1],
        cuts: [
          [
            [0, END],
            [0, 2],
          ],
          [
            [0, 1],
            [0, END],
          ],
          [
            [0, END],
            [0, 6],
          ],
          [
            [0, END],
            [2, 6],
          ],
        ],
      }),
      operators: ['Slice', 'Slice', 'Split'],
      changes: /^2 Slices became 1 Split$/,
    },
    {
      name: 'times of what ran',
      model: sliced(quarters),
      sizes: { n: 1 },
      profiled: true,
      check: ({ predictedSavingMs }) => expect(predictedSavingMs).toBe(3),
    },
  ],
  leaves: [
    {
      name: 'Slices of which the engine made a Split',
      model: sliced(thirds),
      evidence: { profile: await splitByTheEngine(thirds) },
    },
    { name: 'one Slice', model: sliced({ ...thirds, cuts: [[[0, 2]]] }) },
    { name: 'parts that overlap', model: sliced({ ...thirds, cuts: [[[0, 3]], [[2, 6]]] }) },
    { name: 'the same part twice', model: sliced({ ...thirds, cuts: [[[0, 2]], [[0, 2]], [[2, 6]]] }) },
    { name: 'more than half unread', model: sliced({ ...thirds, cuts: [[[0, 1]], [[1, 2]]] }) },
    { name: 'every second number', model: sliced({ ...thirds, steps: [2] }) },
    { name: 'a part of nothing', model: sliced({ ...thirds, cuts: [[[0, 3]], [[4, 4]]] }) },
    { name: 'along a free dimension', model: sliced({ ...thirds, shape: [2, 'length'] }), sizes: { length: 6 } },
    {
      name: 'two corners, for which two Splits are not fewer',
      model: sliced({
        shape: [4, 4],
        axes: [0, 1],
        cuts: [
          [
            [0, 2],
            [0, 2],
          ],
          [
            [2, 4],
            [2, 4],
          ],
        ],
      }),
    },
    {
      name: 'starts that are computed',
      model: model({
        nodes: [
          node('Neg', ['start'], ['from']),
          node('Slice', ['x', 'from', 'end'], ['y']),
          node('Slice', ['x', 'zero', 'start'], ['z']),
        ],
        inputs: [valueInfo('x', 'float32', [4]), valueInfo('start', 'int64', [1])],
        initializers: [int64Tensor('end', [1], [4]), int64Tensor('zero', [1], [0])],
        outputs: [valueInfo('y', 'float32'), valueInfo('z', 'float32')],
      }),
      feeds: {
        x: { dtype: 'float32', shape: [4], data: Float32Array.of(1, 2, 3, 4) },
        start: { dtype: 'int64', shape: [1], data: BigInt64Array.of(2n) },
      },
    },
  ],
})
