// The exact rewrites on random graphs of the operators that they look for: whatever they find, the engine's results stay equal.

import { floatTensor, int64Tensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { problemsOf } from '@whyslow/graph/validate.ts'
import type { Feeds, Results } from '@whyslow/measure/engines/types.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { fullOr } from '../../../../../test/only-full.ts'
import {
  engineTools,
  exampleEvidence,
  exampleSetup,
  largestDifference,
  randomFeeds,
  runSetup,
} from '../../../test/support/remedies/check-remedy.ts'
import { remedies } from '../index.ts'
import type { RemedySetup } from '../kit/remedy.ts'

/** The engine's own optimizer makes a model that only this engine runs: it has no place before others. */
const REMEDIES = remedies.filter(
  ({ id, kind, effect, onlyWhenNamed }) =>
    kind === 'rewrite' && effect !== 'approximate' && onlyWhenNamed === undefined && id !== 'engine-optimized',
)
const GRAPHS = fullOr(300, 14)
const UNARY = ['Relu', 'Sigmoid', 'Neg', 'Abs', 'Identity', 'Dropout']
const [FLOAT, DOUBLE] = [1, 11]

interface Value {
  readonly name: string
  readonly shape: readonly number[]
}

/** A graph of `length` nodes, each reading a value that is there, recent ones most; what nobody reads and one more are outputs. */
function randomModel(seed: number, length = 14) {
  const random = mulberry32(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const nodes: NodeProto[] = []
  const initializers: TensorProto[] = []
  const values: Value[] = [{ name: 'x', shape: [2, 3, 4] }]
  const read = new Set<string>()
  const constant = (tensor: TensorProto) => {
    initializers.push(tensor)
    return tensor.name
  }
  const add = (opType: string, from: Value, shape: readonly number[], more: readonly string[] = [], attributes = {}) => {
    const value = { name: `v${nodes.length}`, shape }
    nodes.push(node(opType, [from.name, ...more], [value.name], attributes))
    read.add(from.name)
    values.push(value)
    return value
  }
  const normalized = (from: Value, name: string) => {
    const channels = from.shape[1]!
    const parts = ['scale', 'bias', 'mean', 'variance'].map((part, k) => {
      const numbers = Array.from({ length: channels }, (_, channel) => 0.5 + ((channel * 3 + k) % 5) / 4)
      return constant(floatTensor(`${name}_${part}`, [channels], numbers))
    })
    return add('BatchNormalization', from, from.shape, parts)
  }
  const shuffled = (rank: number) => {
    const order = Array.from({ length: rank }, (_, axis) => axis)
    for (let i = rank - 1; i > 0; i--) {
      const j = below(i + 1)
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    return order
  }
  while (nodes.length < length) {
    const from = values[Math.max(0, values.length - 1 - below(random() < 0.8 ? 1 : 4))]!
    const { shape } = from
    const name = `c${nodes.length}`
    switch (below(12)) {
      case 0:
      case 1: {
        const perm = random() < 0.2 ? shape.map((_, axis) => axis) : shuffled(shape.length)
        const out = add(
          'Transpose',
          from,
          perm.map((axis) => shape[axis]!),
          [],
          { perm },
        )
        if (random() < 0.3) break
        // Often back to where it was, at once or after an elementwise operator.
        const mid = random() < 0.5 ? add(UNARY[below(UNARY.length)]!, out, out.shape) : out
        add('Transpose', mid, shape, [], { perm: perm.map((_, axis) => perm.indexOf(axis)) })
        break
      }
      case 2: {
        const wide = add('Cast', from, shape, [], { to: random() < 0.5 ? DOUBLE : FLOAT })
        add('Cast', wide, shape, [], { to: FLOAT })
        break
      }
      case 3: {
        const count = shape.reduce((product, size) => product * size, 1)
        const to = [[-1], [0, -1], [count / 2, 2], shape, [-1, 3]][below(5)]!
        if (shape.length < 2 && to[0] === 0) break
        const made = to.map((size, axis) => (size === 0 ? shape[axis]! : size))
        const rest = count / made.filter((size) => size !== -1).reduce((product, size) => product * size, 1)
        if (![...made, rest].every(Number.isInteger)) break
        add(
          'Reshape',
          from,
          made.map((size) => (size === -1 ? rest : size)),
          [constant(int64Tensor(name, [to.length], to))],
        )
        break
      }
      case 4: {
        if (shape.length > 4) break
        const axis = below(shape.length + 1)
        const axes = constant(int64Tensor(name, [1], [random() < 0.5 ? axis : axis - shape.length - 1]))
        const out = add('Unsqueeze', from, [...shape.slice(0, axis), 1, ...shape.slice(axis)], [axes])
        if (random() < 0.6) add('Squeeze', out, shape, [axes])
        break
      }
      case 7: {
        // Another axis of size 1, or two axes as one.
        const axis = shape.indexOf(1)
        const fewer = shape.filter((_, at) => at !== axis)
        if (axis >= 0) add('Squeeze', from, fewer, [constant(int64Tensor(name, [1], [axis]))])
        else if (shape.length === 3) add('Flatten', from, [shape[0]! * shape[1]!, shape[2]!], [], { axis: 2 })
        break
      }
      case 8: {
        if (shape.length !== 3) break
        // Often over a map that was repeated.
        const isRepeated = shape[2]! < 16 && random() < 0.5
        const twice = () => ['', constant(floatTensor(`${name}_twice`, [3], [1, 1, 2]))]
        const read = isRepeated ? add('Resize', from, [shape[0]!, shape[1]!, 2 * shape[2]!], twice(), { mode: 'nearest' }) : from
        const width = (isRepeated ? 3 : 1) + below(3)
        const numbers = Array.from({ length: 2 * shape[1]! * width }, (_, index) => ((index * 5) % 7) / 4 - 0.7)
        const weight = constant(floatTensor(name, [2, shape[1]!, width], numbers))
        const out = add('Conv', read, [read.shape[0]!, 2, read.shape[2]!], [weight], { pads: [width - 1, 0] })
        const next = random() < 0.5 ? normalized(out, name) : out
        if (random() < 0.4) add(UNARY[below(3)]!, next, next.shape)
        break
      }
      case 10: {
        if (shape.length > 1 && shape.length < 5) normalized(from, name)
        break
      }
      case 9: {
        // In two parts.
        const cut = (axis: number, start: number, end: number, of: Value) => {
          const ints = [start, end, axis].map((one, k) => constant(int64Tensor(`${name}_${nodes.length}_${k}`, [1], [one])))
          add(
            'Slice',
            of,
            of.shape.map((size, at) => (at === axis ? end - start : size)),
            ints,
          )
        }
        const axis = shape.findIndex((size) => size > 1)
        if (axis < 0) break
        cut(axis, 0, 1, from)
        cut(axis, 1, shape[axis]!, from)
        break
      }
      case 5: {
        const scalar = constant(floatTensor(name, random() < 0.5 ? [] : [1], [1.5]))
        add(['Add', 'Mul'][below(2)]!, from, shape, [scalar])
        break
      }
      case 6: {
        // A full operand, one of three that are equal.
        const seedOf = below(3)
        const numbers = Array.from({ length: 100 * shape.at(-1)! }, (_, index) => ((index * 13 + seedOf) % 7) / 4)
        const weight = constant(floatTensor(name, [100, shape.at(-1)!], numbers))
        const row = `r${nodes.length}`
        nodes.push(node('ReduceMean', [weight], [row], { axes: [0], keepdims: 0 }))
        add('Mul', from, shape, [row])
        break
      }
      default:
        add(UNARY[below(UNARY.length)]!, from, shape)
    }
  }
  const unread = values.filter(({ name }) => name !== 'x' && !read.has(name))
  const extra = values[1 + below(values.length - 1)]!
  const outputs = [...new Set([...unread, extra])]
  return model({
    nodes,
    initializers,
    inputs: [valueInfo('x', 'float32', [2, 3, 4])],
    outputs: outputs.map(({ name, shape }) => valueInfo(name, 'float32', shape)),
  })
}

/** The inputs and outputs as they were fed and given. */
function evidenceOf({ model }: RemedySetup, feeds: Feeds, results: Results) {
  const typed = (values: Feeds | Results) => Object.entries(values).map(([name, { dtype, shape }]) => ({ name, dtype, shape }))
  const inputs = typed(feeds).map((one) => ({ ...one, freeAxes: [] }))
  return exampleEvidence({
    inputs,
    outputs: typed(results).filter(({ name }) => model.proto.graph!.output.some((one) => one.name === name)),
  })
}

/** The graph with float outputs only: a value between two casts may be float64. */
async function runs(setup: RemedySetup): Promise<boolean> {
  try {
    await runSetup(setup, [randomFeeds(setup.model, 1)])
    return true
  } catch {
    return false
  }
}

/** How many graphs each of them found something in, among those that ran. */
const applied = new Map(REMEDIES.map(({ id }) => [id, 0]))
let ran = 0

describe('random graphs give the same results after every rewrite, and after all of them', () => {
  test.each(Array.from({ length: GRAPHS }, (_, k) => k + 1))('graph %i', async (seed) => {
    const original = exampleSetup(randomModel(seed))
    if (!(await runs(original))) return
    ran++
    const feeds = [randomFeeds(original.model, seed)]
    const [before] = await runSetup(original, feeds)
    const check = async (setup: RemedySetup, what: string) => {
      expect(problemsOf(setup.model.proto), what).toEqual([])
      const [after] = await runSetup(setup, feeds)
      expect(Object.keys(after!), what).toEqual(Object.keys(before!))
      for (const [name, value] of Object.entries(after!)) {
        expect(value.shape, `${what}, ${name}`).toEqual(before![name]!.shape)
        expect(largestDifference(value, before![name]!), `${what}, ${name}`).toBeLessThan(1e-5)
      }
    }
    let all = original
    for (const remedy of REMEDIES) {
      for (const setup of new Set([original, all])) {
        const [proposal] = await remedy.apply(setup, evidenceOf(setup, feeds[0]!, before!), engineTools)
        if (proposal === undefined) continue
        applied.set(remedy.id, applied.get(remedy.id)! + 1)
        if (setup === all) all = proposal.setup
        await check(proposal.setup, remedy.id)
      }
    }
  })

  // What the graphs hold; every other exact rewrite has its own patterns in random surroundings (check-remedy.ts).
  test.each([
    ['training-leftovers', 3],
    ['cancelling-pairs', 3],
    ['conv1d-as-conv2d', 6],
    ['slices-to-split', 6],
    ['conv-batchnorm', 12],
    ['upsampled-convolutions', 20],
    ['duplicate-weights', 40],
  ])('%s found something in one graph of %i at least', (id, among) => {
    expect(ran).toBeGreaterThan(GRAPHS / 2)
    expect(applied.get(id)).toBeGreaterThanOrEqual(ran / among)
  })
})
