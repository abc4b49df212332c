import { floatTensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { lowRank } from './low-rank.ts'

/** Weights of this rank, all directions about as strong, and noise with a share of about `noise` of the squares. */
function weights(name: string, rows: number, columns: number, rank: number, noise = 0) {
  const random = mulberry32(3)
  const [left, right] = [rows, columns].map((side) => Float64Array.from({ length: side * rank }, () => normal(random)))
  const values = Float32Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns]
    let sum = 0
    for (let k = 0; k < rank; k++) sum += left![i * rank + k]! * right![j * rank + k]!
    return (sum / Math.sqrt(rank) + Math.sqrt(noise) * normal(random)) / 16
  })
  return floatTensor(name, [rows, columns], values)
}

const bias = floatTensor('b', [256], new Array(256).fill(0.5))
const make = (nodes: ModelParts['nodes'], initializers: ModelParts['initializers'] = [weights('w', 256, 256, 8)]) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', ['batch', 256])],
    outputs: [valueInfo('y', 'float32')],
    initializers: [...initializers!, bias],
  })
const product = [node('MatMul', ['x', 'w'], ['y'])]
const evidence = { constraints: { maxLoss: 0.01 } }
const variants = ['0.99']

checkRemedy(lowRank, {
  applies: [
    {
      name: 'weights of rank 8: one variant, in whole vectors',
      model: make(product),
      evidence,
      variants,
      operators: ['MatMul', 'MatMul'],
      changes: /1 large product through rank 16, keeping 99 % of the squares/,
    },
    {
      name: 'Gemm with a bias',
      model: make([node('Gemm', ['x', 'w', 'b'], ['y'], { alpha: 0.5 })]),
      evidence,
      variants,
      operators: ['Gemm', 'Gemm'],
    },
    {
      name: 'Gemm with transposed weights that are no square',
      model: make([node('Gemm', ['x', 'w'], ['y'], { transB: 1 })], [weights('w', 320, 256, 4)]),
      evidence,
      variants,
      operators: ['Gemm', 'Gemm'],
    },
    {
      name: 'noise: the bolder keep less, down to none of it',
      // 3 % of the squares are noise: 95 % are in the first 8 directions and 99 % nowhere below the largest rank allowed.
      model: make(product, [weights('w', 256, 256, 8, 0.03)]),
      evidence,
      variants: ['0.95'],
      tolerance: 1.5,
      check: ({ setup }) => {
        const sizes = setup.model.proto.graph!.initializer.map(({ dims }) => dims.map(Number))
        expect(sizes).toContainEqual([256, 16])
      },
    },
    {
      name: 'as the profile shows: 1 ms, of which the factors keep an eighth',
      model: make(product),
      evidence,
      variants,
      profiled: true,
      // 16 * (256 + 256) / (256 * 256) = 1/8.
      check: ({ predictedSavingMs }) => expect(predictedSavingMs).toBeCloseTo(0.875, 6),
    },
  ],
  leaves: [
    { name: 'no loss is allowed', model: make(product) },
    { name: 'weights of full rank', model: make(product, [weights('w', 256, 256, 256)]), evidence },
    { name: 'small weights', model: make(product, [weights('w', 256, 64, 4)]), evidence },
    {
      name: 'two products in a row',
      model: make([node('MatMul', ['x', 'w'], ['m']), node('MatMul', ['m', 'w'], ['y'])]),
      evidence,
    },
    {
      name: 'weights that are no numbers',
      model: make(product, [floatTensor('w', [256, 256], new Float32Array(65536).fill(Number.NaN))]),
      evidence,
    },
  ],
})
