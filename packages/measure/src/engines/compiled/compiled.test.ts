import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { floatTensor, int64Tensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { type EngineSuite, floats, PERCEPTRON, type SuiteModel } from '../../../test/support/engines/example-models.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import type { TensorValue } from '../types.ts'
import { compiled } from './compiled.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-compiled-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

const ML = 'ai.onnx.ml'

const weights = (name: string, shape: readonly number[], seed: number) =>
  floatTensor(name, shape, floats(shape, seed).data as Float32Array)

const GEMM: SuiteModel = {
  name: 'one layer',
  bytes: writeModel(
    model({
      nodes: [node('Gemm', ['x', 'w', 'b'], ['y'])],
      inputs: [valueInfo('x', 'float32', ['batch', 16])],
      outputs: [valueInfo('y', 'float32', ['batch', 3])],
      initializers: [weights('w', [16, 3], 1), weights('b', [3], 2)],
    }),
  ),
  feeds: [{ x: floats([2, 16], 2) }],
}

const LINEAR: SuiteModel = {
  name: 'a scaler and a linear classifier',
  bytes: writeModel(
    model({
      nodes: [
        node({ opType: 'Scaler', domain: ML }, ['x'], ['z'], { offset: { floats: [1, 2, 3] }, scale: { floats: [0.5, 2, 4] } }),
        node({ opType: 'LinearClassifier', domain: ML }, ['z'], ['label', 'scores'], {
          coefficients: { floats: [1, -2, 3, -1, 2, -3] },
          intercepts: { floats: [0.5, -0.5] },
          classlabels_ints: [4, 9],
          post_transform: 'SOFTMAX',
        }),
      ],
      inputs: [valueInfo('x', 'float32', ['rows', 3])],
      outputs: [valueInfo('label', 'int64', ['rows']), valueInfo('scores', 'float32', ['rows', 2])],
      opsets: { [ML]: 3 },
    }),
  ),
  feeds: [{ x: floats([1, 3], 1) }, { x: floats([9, 3], 2) }],
}

/** As pipelines with a ColumnTransformer are written: columns 2 and 0 scaled, column 1 one-hot, column 3 imputed. */
const COLUMNS: SuiteModel = {
  name: 'columns prepared side by side',
  bytes: writeModel(
    model({
      nodes: [
        node({ opType: 'ArrayFeatureExtractor', domain: ML }, ['x', 'numbers'], ['n']),
        node({ opType: 'Scaler', domain: ML }, ['n'], ['scaled'], { offset: { floats: [1, 2] }, scale: { floats: [0.5, 0.25] } }),
        node('Gather', ['x', 'category'], ['c'], { axis: 1 }),
        node('Cast', ['c'], ['whole'], { to: 7 }),
        node({ opType: 'OneHotEncoder', domain: ML }, ['whole'], ['hot'], { cats_int64s: [0, 1, 5], zeros: 1 }),
        node('Reshape', ['hot', 'flat'], ['columns']),
        node('Gather', ['x', 'gaps'], ['g'], { axis: -1 }),
        node({ opType: 'Imputer', domain: ML }, ['g'], ['filled'], {
          imputed_value_floats: { floats: [7] },
          replaced_value_float: { float: Number.NaN },
        }),
        node('Concat', ['scaled', 'columns', 'filled'], ['z'], { axis: 1 }),
        node({ opType: 'LinearClassifier', domain: ML }, ['z'], ['label', 'scores'], {
          coefficients: { floats: [1, -2, 3, -1, 2, -3, -1, 2, -3, 1, -2, 3] },
          intercepts: { floats: [0.5, -0.5] },
          classlabels_ints: [4, 9],
          post_transform: 'SOFTMAX',
        }),
      ],
      inputs: [valueInfo('x', 'float32', ['rows', 4])],
      outputs: [valueInfo('label', 'int64', ['rows']), valueInfo('scores', 'float32', ['rows', 2])],
      initializers: [
        int64Tensor('numbers', [2], [2, 0]),
        int64Tensor('category', [1], [1]),
        int64Tensor('gaps', [1], [3]),
        int64Tensor('flat', [2], [-1, 3]),
      ],
      opsets: { [ML]: 3 },
    }),
  ),
  feeds: [
    {
      x: {
        dtype: 'float32',
        shape: [5, 4],
        data: Float32Array.of(0.3, 0, 1, 2, 1, 1.9, -1, Number.NaN, 2, 5, 0, 1, -1, 7, 0.5, 0, 0, -0.5, 0.1, Number.NaN),
      },
    },
    { x: floats([9, 4], 2) },
  ],
}

const column = (dtype: 'float32' | 'int64' | 'string', data: TensorValue['data'] & { readonly length: number }) => ({
  dtype,
  shape: [data.length, 1],
  data,
})

/** As skl2onnx writes it: texts and whole numbers as categories, an OrdinalEncoder, a forest. */
const PIPELINE: SuiteModel = {
  name: 'an input for each column of a data frame',
  bytes: new Uint8Array(
    fs.readFileSync(new URL('../../../../../fixtures/formats/skl2onnx/columns-forest.onnx', import.meta.url)),
  ),
  feeds: [
    {
      amount: column('float32', Float32Array.of(3, Number.NaN, 50, 12)),
      age: column('int64', BigInt64Array.of(20n, 30n, 90n, 2n ** 53n + 1n)),
      country: column('string', ['DE', '日本', 'none', '']),
      kind: column('string', ['a', 'b', 'c', 'A']),
      code: column('int64', BigInt64Array.of(3n, 16777217n, 16777216n, -7n)),
      rate: column('float32', Float32Array.of(0.5, 2.5, 9, Number.NaN)),
    },
  ],
}

/** Three leaves over two features; `weights` of the leaves, by class. */
const tree = (ids: readonly number[], leaves: readonly (readonly number[])[], postTransform: string) =>
  node({ opType: 'TreeEnsembleClassifier', domain: ML }, ['x'], ['label', 'scores'], {
    nodes_treeids: [0, 0, 0, 0, 0],
    nodes_nodeids: [0, 1, 2, 3, 4],
    nodes_featureids: [0, 0, 1, 0, 0],
    nodes_modes: ['BRANCH_LEQ', 'LEAF', 'BRANCH_GT', 'LEAF', 'LEAF'],
    nodes_values: { floats: [0.1, 0, -0.5, 0, 0] },
    nodes_truenodeids: [1, 0, 3, 0, 0],
    nodes_falsenodeids: [2, 0, 4, 0, 0],
    nodes_missing_value_tracks_true: [0, 0, 1, 0, 0],
    class_treeids: leaves.flatMap(() => ids.map(() => 0)),
    class_nodeids: [1, 3, 4].flatMap((leaf) => ids.map(() => leaf)),
    class_ids: leaves.flatMap(() => ids),
    class_weights: { floats: leaves.flat() },
    classlabels_int64s: [3, 7],
    post_transform: postTransform,
  })

const classifier = (name: string, of: ReturnType<typeof tree>): SuiteModel => ({
  name,
  bytes: writeModel(
    model({
      nodes: [of],
      inputs: [valueInfo('x', 'float32', ['rows', 2])],
      outputs: [valueInfo('label', 'int64', ['rows']), valueInfo('scores', 'float32', ['rows', 2])],
      opsets: { [ML]: 3 },
    }),
  ),
  feeds: [
    { x: { dtype: 'float32', shape: [4, 2], data: Float32Array.of(0, 0, 1, -0.5, Number.NaN, Number.NaN, 1, -1) } },
    { x: floats([17, 2], 3) },
    { x: { dtype: 'float32', shape: [0, 2], data: new Float32Array(0) } },
  ],
})

const ONE_SCORE = classifier('trees with one score for two classes', tree([0], [[0.3], [-1.5], [0.7]], 'LOGISTIC'))

const SUITE: EngineSuite = {
  models: [
    PERCEPTRON,
    GEMM,
    LINEAR,
    COLUMNS,
    PIPELINE,
    ONE_SCORE,
    classifier('trees whose weights are all above 0', tree([0], [[0.3], [0.6], [0.7]], 'NONE')),
    classifier(
      'trees with a score for each class',
      tree(
        [0, 1],
        [
          [0.2, 0.8],
          [0.5, 0.5],
          [1, 0],
        ],
        'NONE',
      ),
    ),
    classifier(
      'trees and a softmax',
      tree(
        [0, 1],
        [
          [0.2, 0.8],
          [-0.5, 0.5],
          [1, 0],
        ],
        'SOFTMAX',
      ),
    ),
  ],
  small: GEMM,
  scalar: LINEAR,
  outputs: ONE_SCORE,
  unknownOperator: { file: unknownOperator(), says: /it cannot be compiled: .*Erf/ },
}

function unknownOperator(): string {
  const file = path.join(folder, 'unknown.onnx')
  const [inputs, outputs] = ['x', 'y'].map((name) => [valueInfo(name, 'float32', ['n', 3])])
  const bytes = writeModel(model({ nodes: [node('Erf', ['x'], ['y'])], inputs: inputs!, outputs: outputs! }))
  fs.writeFileSync(file, bytes)
  return file
}

const availability = await availabilityHere(compiled)
checkEngine({ engine: compiled, availability, tolerance: { absolute: 1e-6, relative: 1e-5 }, suite: SUITE, gaps: {} })

describe('compiled', () => {
  test('a session that is closed says so', async () => {
    const file = path.join(folder, 'gemm.onnx')
    fs.writeFileSync(file, GEMM.bytes!)
    const session = await compiled.open(file, plainOptions)
    await session.close()
    await expect(session.run(GEMM.feeds[0]!)).rejects.toThrow('the session is closed')
  })
})
