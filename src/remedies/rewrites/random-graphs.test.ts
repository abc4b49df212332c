// The exact rewrites on random graphs of the operators that they look for: whatever they find, the engine's results stay equal.
import type { NodeProto, TensorProto } from 'onnx-buf'
import { expect, test } from 'vitest'
import { floatTensor, int64Tensor, model, node, valueInfo } from '../../graph/build.ts'
import { mulberry32 } from '../../graph/random.ts'
import { problemsOf } from '../../graph/validate.ts'
import type { RemedySetup } from '../../rewrite/remedy.ts'
import { engineTools, exampleEvidence, exampleSetup, largestDifference, randomFeeds, runSetup } from '../check-remedy.ts'
import { cancellingPairs } from './cancelling-pairs.ts'
import { convBatchnorm } from './conv-batchnorm.ts'
import { conv1dAsConv2d } from './conv1d-as-conv2d.ts'
import { duplicateWeights } from './duplicate-weights.ts'
import { slicesToSplit } from './slices-to-split.ts'
import { trainingLeftovers } from './training-leftovers.ts'

const REMEDIES = [trainingLeftovers, cancellingPairs, convBatchnorm, duplicateWeights, conv1dAsConv2d, slicesToSplit]
const GRAPHS = 60
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
    switch (below(11)) {
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
        const width = 1 + below(3)
        const numbers = Array.from({ length: 2 * shape[1]! * width }, (_, index) => ((index * 5) % 7) / 4 - 0.7)
        const weight = constant(floatTensor(name, [2, shape[1]!, width], numbers))
        const out = add('Conv', from, [shape[0]!, 2, shape[2]!], [weight], { pads: [width - 1, 0] })
        if (random() < 0.4) add(UNARY[below(3)]!, out, out.shape)
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

/** The graph with float outputs only: a value between two casts may be float64. */
async function runs(setup: RemedySetup): Promise<boolean> {
  try {
    await runSetup(setup, [randomFeeds(setup.model, 1)])
    return true
  } catch {
    return false
  }
}

test('random graphs give the same results after every rewrite, and after all of them', async () => {
  const applied = new Map(REMEDIES.map(({ id }) => [id, 0]))
  for (let seed = 1; seed <= GRAPHS; seed++) {
    const original = exampleSetup(randomModel(seed))
    if (!(await runs(original))) continue
    const feeds = [randomFeeds(original.model, seed)]
    const [before] = await runSetup(original, feeds)
    let all = original
    for (const remedy of REMEDIES) {
      for (const setup of new Set([original, all])) {
        const [proposal] = await remedy.apply(setup, exampleEvidence(), engineTools)
        if (proposal === undefined) continue
        applied.set(remedy.id, applied.get(remedy.id)! + 1)
        if (setup === all) all = proposal.setup
        expect(problemsOf(proposal.setup.model.proto), `graph ${seed}, ${remedy.id}`).toEqual([])
        const [after] = await runSetup(proposal.setup, feeds)
        expect(Object.keys(after!)).toEqual(Object.keys(before!))
        for (const [name, value] of Object.entries(after!)) {
          expect(value.shape, `graph ${seed}, ${remedy.id}, ${name}`).toEqual(before![name]!.shape)
          expect(largestDifference(value, before![name]!), `graph ${seed}, ${remedy.id}, ${name}`).toBeLessThan(1e-5)
        }
      }
    }
  }
  // The graphs hold what the rewrites look for; BatchNormalization they do not.
  expect(applied.get('training-leftovers')).toBeGreaterThan(GRAPHS / 3)
  expect(applied.get('cancelling-pairs')).toBeGreaterThan(GRAPHS / 3)
  expect(applied.get('conv1d-as-conv2d')).toBeGreaterThan(GRAPHS / 6)
  expect(applied.get('slices-to-split')).toBeGreaterThan(GRAPHS / 6)
  expect(applied.get('duplicate-weights')).toBeGreaterThan(0)
  expect(applied.get('conv-batchnorm')).toBe(0)
})
