import { encodeModel, sizeOf } from '@whyslow/command/model-files/encode-model.ts'
import { floatTensor, graph, type ModelParts, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { weightStorage } from './weight-storage.ts'

const random = mulberry32(23)
const normals = (count: number) => Float32Array.from({ length: count }, () => normal(random))
const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', [2, 32])],
    outputs: [valueInfo('y', 'float32', [2, 40])],
    initializers: [
      floatTensor('w', [32, 40], normals(1280)),
      floatTensor('b', [40], normals(40)),
      floatTensor('zero', [], [0]),
      // A row of another size than the rest: one scale per row keeps it, one per column would not.
      floatTensor(
        'rows',
        [32, 40],
        normals(1280).map((value, k) => (k < 40 ? 100 * value : value)),
      ),
      rawTensor('integers', 'int64', [1024], new Uint8Array(8192)),
    ],
    ...rest,
  })
const product = [node('MatMul', ['x', 'w'], ['m']), node('Add', ['m', 'b'], ['y'])]
const evidence = { goal: 'size' as const, constraints: { maxLoss: 0.01 } }
/** A step of 8 bits is 1/127 of the largest weight of a row. */
const applies = { evidence, tolerance: 0.03 }

checkRemedy(weightStorage, {
  applies: [
    {
      ...applies,
      name: 'a matrix; its bias stays',
      model: make(product),
      changes: /^1 weight of 5\.12 kB stored in 8 bits, in 1\.28 kB$/,
      operators: ['Cast', 'Mul', 'MatMul', 'Add'],
      check: ({ setup }, before) => {
        const bytes = [before, setup].map((one) => sizeOf(encodeModel(one.model.proto)))
        expect(bytes[1]! / bytes[0]!).toBeLessThan(0.75)
      },
    },
    { ...applies, name: 'rows of different size', model: make([node('MatMul', ['x', 'rows'], ['y'])]), tolerance: 0.03 },
    {
      ...applies,
      name: 'two readers, and a Constant node',
      model: make([
        node('Constant', [], ['c'], { value: floatTensor('', [32, 40], normals(1280)) }),
        node('MatMul', ['x', 'c'], ['m']),
        node('Gemm', ['x', 'c', 'b'], ['g']),
        node('Sub', ['g', 'm'], ['s']),
        node('Add', ['s', 'm'], ['y']),
      ]),
    },
    {
      ...applies,
      name: 'kernels of a convolution, at an old opset',
      model: make([node('Conv', ['x', 'kernel'], ['y'])], {
        inputs: [valueInfo('x', 'float32', [1, 8, 5, 5])],
        outputs: [valueInfo('y', 'float32', [1, 16, 3, 3])],
        initializers: [floatTensor('kernel', [16, 8, 3, 3], normals(1152))],
        opset: 7,
      }),
    },
    {
      ...applies,
      name: 'a table that is looked up',
      model: make([node('Gather', ['table', 'ids'], ['y'])], {
        inputs: [valueInfo('ids', 'int64', [2])],
        outputs: [valueInfo('y', 'float32', [2, 40])],
        initializers: [floatTensor('table', [30, 40], normals(1200))],
      }),
    },
    {
      ...applies,
      name: 'weights outside of a branch and inside of it',
      model: make([
        node('ReduceMean', ['x'], ['mean'], { keepdims: 0 }),
        node('Greater', ['mean', 'zero'], ['positive']),
        node('If', ['positive'], ['y'], {
          then_branch: graph({ nodes: [node('MatMul', ['x', 'w'], ['t'])], outputs: [valueInfo('t', 'float32', [2, 40])] }),
          else_branch: graph({
            nodes: [node('MatMul', ['x', 'inner'], ['e'])],
            outputs: [valueInfo('e', 'float32', [2, 40])],
            initializers: [floatTensor('inner', [32, 40], normals(1280))],
          }),
        }),
      ]),
      changes: /^2 weights/,
      // Constants are folded in the graph that holds them; the engine may leave those of a branch to its own pass.
      took: null,
    },
  ],
  leaves: [
    { name: 'the goal is another', model: make(product), evidence: { ...evidence, goal: 'latency' } },
    { name: 'no loss is allowed', model: make(product), evidence: { goal: 'size' } },
    {
      name: 'small weights',
      model: make([node('Add', ['x', 'small'], ['y'])], {
        outputs: [valueInfo('y', 'float32', [2, 32])],
        initializers: [floatTensor('small', [32], normals(32))],
      }),
      evidence,
    },
    {
      name: 'weights that the caller may override, weights that are an output',
      model: make([...product, node('Neg', ['v'], ['n'])], {
        inputs: [valueInfo('x', 'float32', [2, 32]), valueInfo('w', 'float32', [32, 40])],
        outputs: [valueInfo('y', 'float32', [2, 40]), valueInfo('v', 'float32', [32, 40]), valueInfo('n', 'float32', [32, 40])],
        initializers: [
          floatTensor('w', [32, 40], normals(1280)),
          floatTensor('v', [32, 40], normals(1280)),
          floatTensor('b', [40], normals(40)),
        ],
      }),
      feeds: { x: { dtype: 'float32', shape: [2, 32], data: normals(64) } },
      evidence,
    },
  ],
})
