import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { describe, expect, it } from 'vitest'
import { storedScalesOf } from './stored-scale.ts'

type Weights = Readonly<Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>>

const scaleOf = (nodes: ReturnType<typeof node>[], weights: Weights) =>
  storedScalesOf(
    modelInMemory(
      model({
        nodes,
        inputs: [valueInfo('x', 'float32', [1, 2, 8])],
        outputs: [valueInfo('y', 'float32', [1, 2, 8])],
        initializers: Object.entries(weights).map(([name, { shape, values }]) => floatTensor(name, shape, values)),
      }),
    ),
  )('x')
const numbers = (values: Float64Array | undefined) => Array.from(values ?? [], (value) => Number(value.toPrecision(6)))
const norm = {
  g: { shape: [2], values: [1, 1] },
  b: { shape: [2], values: [0, 0] },
  m: { shape: [2], values: [3, -50] },
  v: { shape: [2], values: [4, 100] },
}
const batchNorm = (input: string, output: string) => node('BatchNormalization', [input, 'g', 'b', 'm', 'v'], [output])

describe('storedScalesOf', () => {
  it('takes mean and deviation of each channel from a batch normalization of the input itself', () => {
    const found = scaleOf([node('Transpose', ['x'], ['t']), batchNorm('t', 'y')], norm)
    expect([numbers(found?.mean), numbers(found?.deviation)]).toEqual([
      [3, -50],
      [2, 10],
    ])
    expect(found?.from).toBe('batch normalization')
  })
  it('takes them from a standardization written as Sub and Div, or Sub and Mul', () => {
    const weights = { c: { shape: [2], values: [5, 6] }, s: { shape: [2], values: [2, 4] } }
    const found = (op: string) => scaleOf([node('Sub', ['x', 'c'], ['d']), node(op, ['d', 's'], ['y'])], weights)
    expect([numbers(found('Div')?.mean), numbers(found('Div')?.deviation)]).toEqual([
      [5, 6],
      [2, 4],
    ])
    expect(numbers(found('Mul')?.deviation)).toEqual([0.5, 0.25])
  })
  it('solves for one mean and one deviation of the input of a product in front of a batch normalization', () => {
    // Inputs of mean 5 and deviation 2, neighbours with a correlation of a half: both outputs say so.
    const weights = [
      [1, 1],
      [1, -2],
    ]
    const variance = (w: readonly number[]) => 4 * (0.5 * (w[0]! ** 2 + w[1]! ** 2) + 0.5 * (w[0]! + w[1]!) ** 2)
    const behind = {
      ...norm,
      w: { shape: [2, 2], values: weights.flat() },
      bias: { shape: [2], values: [1, 0] },
      m: { shape: [2], values: [5 * 2 + 1, 5 * -1] },
      v: { shape: [2], values: weights.map(variance) },
    }
    const gemm = node('Gemm', ['x', 'w', 'bias'], ['z'], { transB: 1 })
    const found = scaleOf([gemm, batchNorm('z', 'y')], behind)
    expect(found?.mean[0]).toBeCloseTo(5, 0)
    expect(numbers(found?.deviation)).toEqual([2])
  })
  it('indexes the model once, and not before an input is asked for', () => {
    const nodes = [batchNorm('x1', 'y1'), batchNorm('x2', 'y2')]
    const initializers = Object.entries(norm).map(([name, { shape, values }]) => floatTensor(name, shape, values))
    const built = modelInMemory(model({ nodes, inputs: [], outputs: [], initializers }))
    let looks = 0
    const proto = new Proxy(built.proto, {
      get(target, key) {
        if (key === 'graph') looks++
        return Reflect.get(target, key)
      },
    })
    const scaleOf = storedScalesOf({ ...built, proto })
    expect(looks).toBe(0)
    expect(numbers(scaleOf('x1')?.mean)).toEqual([3, -50])
    expect(scaleOf('x2')).toEqual(scaleOf('x1'))
    expect(looks).toBe(1)
  })
  it('is undefined if what is stored is no number', () => {
    expect(scaleOf([batchNorm('x', 'y')], { ...norm, v: { shape: [2], values: [4, -1] } })).toBeUndefined()
    expect(scaleOf([batchNorm('x', 'y')], { ...norm, m: { shape: [2], values: [Number.NaN, 1] } })).toBeUndefined()
  })
  it('is undefined where nothing is stored, where two nodes read the input, and behind a layer normalization', () => {
    expect(scaleOf([node('Relu', ['x'], ['y'])], {})).toBeUndefined()
    expect(scaleOf([batchNorm('x', 'y'), node('Relu', ['x'], ['z'])], norm)).toBeUndefined()
    expect(scaleOf([node('LayerNormalization', ['x', 'g'], ['y'])], norm)).toBeUndefined()
  })
})
