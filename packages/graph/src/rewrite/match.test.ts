import { largestDifference, runModel } from '@whyslow/measure/support/engines/example-run.ts'
import { describe, expect, test } from 'vitest'
import { floatTensor, graph, int64Tensor, type ModelParts, model, modelInMemory, node, valueInfo } from '../build.ts'
import { viewGraph } from '../view.ts'
import {
  attributeOf,
  isClosed,
  isNear,
  isOperator,
  matchGraph,
  numberOf,
  otherOperand,
  rewriteGraphs,
  withConstant,
} from './match.ts'

const [number, vector] = [floatTensor('number', [1], [3]), floatTensor('vector', [2], [1, 2])]
const build = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  modelInMemory(
    model({
      nodes,
      inputs: [valueInfo('x', 'float32', ['n', 2])],
      outputs: [valueInfo('y', 'float32', ['n', 2])],
      initializers: [number, vector],
      ...rest,
    }),
  )
const matchingOf = (made: ReturnType<typeof build>) => matchGraph(made, made.proto.graph!)

describe('matching', () => {
  const mul = node('Mul', ['x', 'number'], ['m'])
  const add = node('Add', ['vector', 'm'], ['y'])
  const matching = matchingOf(build([mul, add]))

  test('constants are numbers unless a caller can override them', () => {
    expect(matching.scalar('number')).toBe(3)
    expect(matching.scalar('vector')).toBeUndefined()
    expect(matching.numbers('vector')).toEqual([1, 2])
    expect([matching.numbers('x'), matching.numbers(''), matching.numbers(undefined)]).toEqual([undefined, undefined, undefined])
    const listed = [valueInfo('x', 'float32', ['n', 2]), valueInfo('number', 'float32', [1])]
    expect(matchingOf(build([mul, add], { inputs: listed, irVersion: 4 })).scalar('number')).toBeUndefined()
    // Before IR version 4 every initializer had to be listed, and engines take it for constant.
    expect(matchingOf(build([mul, add], { inputs: listed, irVersion: 3 })).scalar('number')).toBe(3)
  })

  test('the only reader', () => {
    expect(matching.onlyReader(mul)).toBe(add)
    expect(matching.onlyReader(add)).toBeUndefined()
    expect(matchingOf(build([mul, add, node('Neg', ['m'], ['z'])])).onlyReader(mul)).toBeUndefined()
    expect(matchingOf(build([mul, add], { outputs: [valueInfo('m', 'float32')] })).onlyReader(mul)).toBeUndefined()
  })

  test('a sum with a constant, in either order; a quotient in one', () => {
    expect(withConstant(matching, add, 'Add')).toMatchObject({ value: 'm', constant: 'vector' })
    expect(withConstant(matching, add, 'Mul')).toBeUndefined()
    expect(withConstant(matching, node('Div', ['number', 'x'], ['q']), 'Div')).toBeUndefined()
    expect(withConstant(matching, node('Div', ['x', 'number'], ['q']), 'Div')).toMatchObject({ value: 'x' })
    expect(withConstant(matching, node('Add', ['number', 'vector'], ['q']), 'Add')).toBeUndefined()
  })

  test('a pattern is closed where nobody else reads what lies inside, branches included', () => {
    const parts = new Set([mul, add])
    expect(isClosed(matching, parts, ['y'])).toBe(true)
    expect(isClosed(matching, parts, [])).toBe(false)
    const branch = graph({ nodes: [node('Neg', ['m'], ['b'])], outputs: [valueInfo('b', 'float32')] })
    const choice = node('If', ['c'], ['z'], { then_branch: branch, else_branch: branch })
    expect(isClosed(matchingOf(build([mul, add, choice])), parts, ['y'])).toBe(false)
  })
})

test('nodes by operator, domain and attributes', () => {
  const gelu = node({ opType: 'Gelu', domain: 'com.microsoft' }, ['x'], ['y'], { alpha: { float: 2 } })
  expect(isOperator(gelu, 'Gelu')).toBe(false)
  expect(isOperator(gelu, 'Erf', 'com.microsoft:Gelu')).toBe(true)
  expect(isOperator(node({ opType: 'Gelu', domain: 'ai.onnx' }, ['x'], ['y']), 'Gelu')).toBe(true)
  expect([numberOf(gelu, 'alpha', 1), numberOf(gelu, 'beta', 1), attributeOf(gelu, 'beta')]).toEqual([2, 1, undefined])
  expect(otherOperand(node('Mul', ['a', 'b'], ['c']), 'b')).toBe('a')
  expect(otherOperand(node('Mul', ['a', 'a'], ['c']), 'a')).toBeUndefined()
  expect([
    isNear(Math.fround(Math.SQRT1_2), Math.SQRT1_2),
    isNear(Math.SQRT1_2 + 3e-6, Math.SQRT1_2),
    isNear(undefined, 1),
  ]).toEqual([true, false, false])
})

test('branches are rewritten too, with constants of the graph around them', async () => {
  const branch = (opType: string) =>
    graph({
      nodes: [node('Mul', ['x', 'number'], ['m']), node(opType, ['m'], [`${opType}_out`])],
      outputs: [valueInfo(`${opType}_out`, 'float32')],
    })
  const made = build([node('If', ['c'], ['y'], { then_branch: branch('Neg'), else_branch: branch('Abs') })], {
    inputs: [valueInfo('c', 'bool', []), valueInfo('x', 'float32', ['n', 2])],
  })
  // x * 3 as x + x + x.
  const rewritten = rewriteGraphs(made, (matching, fresh) =>
    matching.graph.node.flatMap((one) => {
      if (!isOperator(one, 'Mul') || matching.scalar(one.input[1]) !== 3) return []
      const twice = fresh('twice')
      return [
        {
          parts: [one],
          remove: new Set([one]),
          add: [node('Add', ['x', 'x'], [twice]), node('Add', ['x', twice], [...one.output])],
        },
      ]
    }),
  )
  expect(rewritten?.replaced).toHaveLength(2)
  const { subgraphs } = viewGraph(rewritten!.model).nodes[0]!
  expect(Object.values(subgraphs).map(({ nodes }) => nodes.map(({ opType }) => opType))).toEqual([
    ['Add', 'Add', 'Neg'],
    ['Add', 'Add', 'Abs'],
  ])
  const feeds = [1, 0].map((c) => ({
    c: { dtype: 'bool' as const, shape: [], data: Uint8Array.of(c) },
    x: { dtype: 'float32' as const, shape: [1, 2], data: Float32Array.of(-1, 2) },
  }))
  const [before, after] = [await runModel(made, feeds), await runModel(rewritten!.model, feeds)]
  for (const [k, results] of after.entries()) expect(largestDifference(results.y!, before[k]!.y!)).toBeLessThan(1e-6)
})

test('nothing found leaves the model and its imports alone', () => {
  expect(rewriteGraphs(build([node('Neg', ['x'], ['y'])]), () => [], { 'com.microsoft': 1 })).toBeUndefined()
})

test('a shape read from an initializer of 64-bit integers', () => {
  const made = build([node('Reshape', ['x', 'target'], ['y'])], { initializers: [int64Tensor('target', [2], [2, -1])] })
  expect(matchingOf(made).shape('y')).toEqual([2, 'n'])
})

test('a model from before IR version 4 is rewritten as one whose weights are no inputs', async () => {
  const listed = [valueInfo('x', 'float32', ['n', 2]), valueInfo('number', 'float32', [1]), valueInfo('vector', 'float32', [2])]
  const nodes = [node('Mul', ['x', 'number'], ['m']), node('Add', ['vector', 'm'], ['y'])]
  const old = build(nodes, { inputs: listed, irVersion: 3, opset: 8 })
  const rewritten = rewriteGraphs(old, ({ graph: { node: all }, scalar }) => {
    const [mul] = all
    const six = floatTensor('six', [1], [2 * scalar('number')!])
    return [{ parts: [mul!], remove: new Set([mul!]), add: [node('Mul', ['x', 'six'], ['m'])], addInitializers: [six] }]
  })!.model
  expect(rewritten.proto.graph!.input.map(({ name }) => name)).toEqual(['x'])
  expect(rewritten.proto.irVersion).toBe(4n)
  const x = { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, 2) } as const
  const [results] = await runModel(rewritten, [{ x }])
  expect(Array.from(results!.y!.data as Float32Array)).toEqual([7, 14])
})
