import { describe, expect, test } from 'vitest'
import { graph, model, node, valueInfo } from './build.ts'
import { topologicalOrder } from './topology.ts'
import { holdersOf, linksOf, nodesOf, readsOf } from './walk.ts'

const x = valueInfo('x', 'float32', [1])
const y = valueInfo('y', 'float32', [1])

/** An If in which one branch reads the outer value `outer`, two levels down. */
function nested(output: string, outer: string) {
  const leaf = graph({ nodes: [node('Neg', [outer], ['deep'])], outputs: [valueInfo('deep', 'float32', [1])], name: 'leaf' })
  const inner = node('If', ['flag'], ['middle'], { then_branch: leaf, else_branch: leaf })
  const branch = graph({ nodes: [inner], outputs: [valueInfo('middle', 'float32', [1])], name: 'branch' })
  return node({ opType: 'If', name: 'outer_if' }, ['flag'], [output], { then_branch: branch, else_branch: branch })
}

describe('topologicalOrder', () => {
  test('keeps a graph that is in order, and orders one that is not', () => {
    const a = node('Relu', ['x'], ['a'])
    const b = node('Neg', ['a'], ['b'])
    const c = node('Add', ['a', 'b'], ['y'])
    const names = (nodes: readonly (typeof a)[]) => {
      const order = topologicalOrder(graph({ nodes, inputs: [x], outputs: [y] }))
      return order.cyclic ? 'cyclic' : order.nodes.map(({ opType }) => opType)
    }
    expect(names([a, b, c])).toEqual(['Relu', 'Neg', 'Add'])
    expect(names([c, b, a])).toEqual(['Relu', 'Neg', 'Add'])
  })

  test('counts what subgraphs capture', () => {
    const order = topologicalOrder(
      graph({ nodes: [nested('y', 'late'), node('Relu', ['x'], ['late'])], inputs: [x], outputs: [y] }),
    )
    expect(order.cyclic ? [] : order.nodes.map(({ opType }) => opType)).toEqual(['Relu', 'If'])
  })

  test('names the ring, without what leads to it or hangs on it', () => {
    const nodes = [
      node('Relu', ['x'], ['in']),
      node('Add', ['in', 'c'], ['a']),
      node('Neg', ['a'], ['b']),
      node('Abs', ['b'], ['c']),
      node('Exp', ['c'], ['y']),
    ]
    const order = topologicalOrder(graph({ nodes, inputs: [x], outputs: [y] }))
    expect(order.cyclic ? order.cycle.map(({ opType }) => opType).sort() : []).toEqual(['Abs', 'Add', 'Neg'])
  })

  test('100,000 nodes in the worst order need no recursion', () => {
    const nodes = Array.from({ length: 100_000 }, (_, i) => node('Relu', [`v${i}`], [`v${i + 1}`])).reverse()
    const order = topologicalOrder(graph({ nodes, inputs: [], outputs: [] }))
    expect(order.cyclic ? undefined : [order.nodes.length, order.nodes[0]!.output[0]]).toEqual([100_000, 'v1'])
  })
})

describe('walking', () => {
  const proto = model({ nodes: [node('Relu', ['x'], ['a']), nested('y', 'a')], inputs: [x], outputs: [y] })

  test('finds every graph and node', () => {
    // The main graph, two branches, and two leaves in each.
    expect(holdersOf(proto)).toHaveLength(7)
    // 2 in the main graph, 1 in each branch, 1 in each leaf.
    expect(nodesOf(proto)).toHaveLength(8)
  })

  test('a node reads what its subgraphs capture', () => {
    expect(readsOf(proto.graph!.node[1]!).sort()).toEqual(['a', 'flag'])
    const { producers, consumers } = linksOf(proto.graph!)
    expect(producers.get('a')!.opType).toBe('Relu')
    expect(consumers.get('a')!.map(({ name }) => name)).toEqual(['outer_if'])
    expect(consumers.get('x')).toHaveLength(1)
    expect(producers.has('x')).toBe(false)
  })
})
