// The models of the engine suite: each a small case of what an engine must take, with what it is fed.
import path from 'node:path'
import { floatTensor, int64Tensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Feeds, Results, TensorValue } from '../../../src/engines/types.ts'
import { arrayFor, store } from '../../../src/samples/dtype-arrays.ts'

/** A model, what it is fed, prediction by prediction, in one session. */
export interface SuiteModel {
  readonly name: string
  readonly bytes?: Uint8Array
  /** In fixtures/models. */
  readonly fixture?: string
  /** Of a format that ort-cpu does not read. */
  readonly file?: string
  readonly feeds: readonly Feeds[]
  /** The maker's own, feeds by feeds; absent: those of ort-cpu. */
  readonly expected?: readonly Results[]
  readonly large?: true
}

/** What an engine is asked to run, in a format that it reads. */
export interface EngineSuite {
  readonly models: readonly SuiteModel[]
  /** One kernel, x to y, in float32. */
  readonly small: SuiteModel
  readonly scalar: SuiteModel
  readonly outputs: SuiteModel
  /** `feeds`: of an engine that looks at operators as it comes to them. */
  readonly unknownOperator: { readonly file: string; readonly says: RegExp; readonly feeds?: Feeds }
}

export function floats(shape: readonly number[], seed: number): TensorValue {
  const random = mulberry32(seed)
  return { dtype: 'float32', shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => normal(random)) }
}

function weights(name: string, shape: readonly number[], seed: number) {
  return floatTensor(name, shape, floats(shape, seed).data as Float32Array)
}

export const PERCEPTRON: SuiteModel = {
  name: 'a perceptron at several batch sizes in one session',
  large: true,
  bytes: writeModel(
    model({
      nodes: [
        node('Gemm', ['x', 'w1', 'b1'], ['hidden']),
        node('Relu', ['hidden'], ['active']),
        node('MatMul', ['active', 'w2'], ['y']),
      ],
      inputs: [valueInfo('x', 'float32', ['batch', 16])],
      outputs: [valueInfo('y', 'float32', ['batch', 4])],
      initializers: [weights('w1', [16, 32], 1), weights('b1', [32], 2), weights('w2', [32, 4], 3)],
    }),
  ),
  feeds: [{ x: floats([1, 16], 4) }, { x: floats([5, 16], 5) }],
}

/** One kernel, so that cases about sessions compile little. */
export const SMALL: SuiteModel = {
  name: 'one kernel',
  bytes: writeModel(
    model({
      nodes: [node('Mul', ['x', 'w'], ['y'])],
      inputs: [valueInfo('x', 'float32', ['batch', 16])],
      outputs: [valueInfo('y', 'float32', ['batch', 16])],
      initializers: [weights('w', [16], 1)],
    }),
  ),
  feeds: [{ x: floats([2, 16], 2) }],
}

const CONVOLUTION: SuiteModel = {
  name: 'convolutions, pooling and a softmax at two resolutions',
  large: true,
  bytes: writeModel(
    model({
      nodes: [
        node('Conv', ['x', 'k1'], ['c1'], { pads: [1, 1, 1, 1], strides: [2, 2] }),
        node('Relu', ['c1'], ['r1']),
        node('Conv', ['r1', 'k2'], ['c2'], { group: 8, pads: [1, 1, 1, 1] }),
        node('MaxPool', ['c2'], ['p'], { kernel_shape: [2, 2], strides: [2, 2] }),
        node('GlobalAveragePool', ['p'], ['g']),
        node('Flatten', ['g'], ['f']),
        node('Softmax', ['f'], ['y']),
      ],
      inputs: [valueInfo('x', 'float32', [1, 3, 'height', 'width'])],
      outputs: [valueInfo('y', 'float32', [1, 8])],
      initializers: [weights('k1', [8, 3, 3, 3], 1), weights('k2', [8, 1, 3, 3], 2)],
    }),
  ),
  feeds: [{ x: floats([1, 3, 16, 16], 3) }, { x: floats([1, 3, 32, 24], 4) }],
}

const ATTENTION: SuiteModel = {
  name: 'attention, layer normalization and an error function',
  large: true,
  bytes: writeModel(
    model({
      nodes: [
        node('LayerNormalization', ['x', 'gamma', 'beta'], ['n']),
        node('MatMul', ['n', 'wq'], ['q']),
        node('Transpose', ['n'], ['k'], { perm: [0, 2, 1] }),
        node('MatMul', ['q', 'k'], ['scores']),
        node('Softmax', ['scores'], ['weights'], { axis: -1 }),
        node('MatMul', ['weights', 'n'], ['mixed']),
        node('Erf', ['mixed'], ['e']),
        node('Add', ['e', 'x'], ['y']),
      ],
      inputs: [valueInfo('x', 'float32', [1, 'length', 16])],
      outputs: [valueInfo('y', 'float32', [1, 'length', 16])],
      initializers: [weights('gamma', [16], 1), weights('beta', [16], 2), weights('wq', [16, 16], 3)],
    }),
  ),
  feeds: [{ x: floats([1, 6, 16], 4) }, { x: floats([1, 9, 16], 5) }],
}

export const OUTPUTS: SuiteModel = {
  name: 'several outputs of several dtypes',
  large: true,
  bytes: writeModel(
    model({
      nodes: [
        node('TopK', ['x', 'two'], ['values', 'indices'], { axis: -1 }),
        node('Greater', ['x', 'zero'], ['positive']),
        node('ReduceSum', ['x'], ['total'], { keepdims: 0 }),
      ],
      inputs: [valueInfo('x', 'float32', [2, 6])],
      outputs: [
        valueInfo('values', 'float32', [2, 2]),
        valueInfo('indices', 'int64', [2, 2]),
        valueInfo('positive', 'bool', [2, 6]),
        valueInfo('total', 'float32', []),
      ],
      initializers: [int64Tensor('two', [1], [2]), floatTensor('zero', [], [0])],
    }),
  ),
  feeds: [{ x: floats([2, 6], 1) }],
}

export const SCALAR: SuiteModel = {
  name: 'a scalar in and out',
  bytes: writeModel(
    model({
      nodes: [node('Mul', ['x', 'x'], ['y'])],
      inputs: [valueInfo('x', 'float32', [])],
      outputs: [valueInfo('y', 'float32', [])],
    }),
  ),
  feeds: [{ x: { dtype: 'float32', shape: [], data: Float32Array.of(-3) } }],
}

const EMPTY: SuiteModel = {
  name: 'an empty tensor in and out',
  bytes: writeModel(
    model({
      nodes: [node('Mul', ['x', 'x'], ['y'])],
      inputs: [valueInfo('x', 'float32', ['rows', 4])],
      outputs: [valueInfo('y', 'float32', ['rows', 4])],
    }),
  ),
  feeds: [{ x: floats([2, 4], 1) }, { x: { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) } }],
}

export const STRINGS: SuiteModel = {
  name: 'strings in and out',
  bytes: writeModel(
    model({
      nodes: [node('Identity', ['x'], ['y'])],
      inputs: [valueInfo('x', 'string', [3])],
      outputs: [valueInfo('y', 'string', [3])],
    }),
  ),
  feeds: [{ x: { dtype: 'string', shape: [3], data: ['', 'größe', '長さ'] } }],
}

const DTYPES: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
]

const dtypeModel = (dtype: DType): SuiteModel => {
  const data = arrayFor(dtype, 4)
  for (let i = 0; i < 4; i++) store(dtype, data, i, dtype === 'bool' ? i % 2 : i + 1)
  return {
    name: `${dtype} in and out`,
    bytes: writeModel(
      model({
        nodes: [node('Reshape', ['x', 'shape'], ['y'])],
        inputs: [valueInfo('x', dtype, [2, 2])],
        outputs: [valueInfo('y', dtype, [4])],
        initializers: [int64Tensor('shape', [1], [4])],
      }),
    ),
    feeds: [{ x: { dtype, shape: [2, 2], data } }],
  }
}

/** Hashes and times of day in nanoseconds are such. */
const WIDE: SuiteModel = {
  name: 'whole numbers beyond 32 bits',
  bytes: writeModel(
    model({
      nodes: [node('Mul', ['x', 'x'], ['y'])],
      inputs: [valueInfo('x', 'int64', [2])],
      outputs: [valueInfo('y', 'int64', [2])],
    }),
  ),
  feeds: [{ x: { dtype: 'int64', shape: [2], data: BigInt64Array.of(3_000_000_000n, -5n) } }],
}

const models: readonly SuiteModel[] = [
  PERCEPTRON,
  CONVOLUTION,
  ATTENTION,
  OUTPUTS,
  WIDE,
  SCALAR,
  EMPTY,
  STRINGS,
  ...DTYPES.map(dtypeModel),
  { name: 'a recurrent network', large: true, fixture: 'fmnist_gru', feeds: [{ rows: floats([2, 28, 28], 1) }] },
  { name: 'a branch of If', fixture: 'if-subgraph', feeds: [{ x: floats([4], 1) }] },
  { name: 'weights beside the model', large: true, fixture: 'external-data', feeds: [{ x: floats([2, 16], 1) }] },
  { name: 'trees, and an output that is no tensor left out', fixture: 'credit_rf10_zipmap', feeds: [{ X: floats([2, 23], 1) }] },
]

export const onnxSuite: EngineSuite = {
  models,
  small: SMALL,
  scalar: SCALAR,
  outputs: OUTPUTS,
  unknownOperator: {
    file: path.resolve(import.meta.dirname, '../../../../../fixtures/models/unknown-operator.onnx'),
    says: /NoSuchOperator/,
  },
}
