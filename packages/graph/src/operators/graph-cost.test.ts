import { expect, test } from 'vitest'
import { float, graphOf, type Step } from '../../test/support/operators/example-graph.ts'
import type { ConstantView, GraphView } from '../types.ts'
import { costGraph } from './graph-cost.ts'

test('costGraph sums what declared types give', () => {
  const graph: GraphView = {
    ...graphOf([
      { op: 'Gemm', inputs: { x: null, w: float(20, 30) }, outputs: { h: null } },
      { op: 'Relu', inputs: { h: null }, outputs: { y: null } },
      { op: 'Foo', domain: 'my', inputs: { y: null }, outputs: { z: null } },
    ]),
    inputs: [{ name: 'x', kind: 'tensor', dtype: 'float32', shape: [2, 20] }],
    outputs: [{ name: 'y', kind: 'tensor', dtype: 'float32', shape: ['batch', 30] }],
    types: { h: float(2, 30) },
  }
  // 2 * 20 * 30 = 1200 MACs; y has an open dimension
  expect(costGraph(graph)).toEqual({ macs: 1200, flops: 2400, known: 1, unknown: { Relu: 1, 'my:Foo': 1 } })
  // given by the caller: 60 comparisons
  expect(costGraph(graph, { y: float(2, 30) })).toEqual({ macs: 1200, flops: 2460, known: 2, unknown: { 'my:Foo': 1 } })
})

test('costGraph: the larger branch, known trip counts', () => {
  const product = (size: number): Step => ({
    op: 'MatMul',
    inputs: { [`w${size}`]: float(size, size), [`wb${size}`]: float(size, size) },
    outputs: { [`m${size}`]: null },
  })
  const types = { m2: float(2, 2), m3: float(3, 3), xs: float(7, 2), c: float() }
  const branches: Step = {
    op: 'If',
    inputs: { c: null },
    outputs: { o: null },
    bodies: { then_branch: [product(2)], else_branch: [product(3)] },
  }
  // 27, not 8 + 27; the If itself is known too
  expect(costGraph(graphOf([branches]), types)).toMatchObject({ macs: 27, known: 2, unknown: {} })
  const scan: Step = {
    op: 'Scan',
    inputs: { s: null, xs: null },
    outputs: { o: null },
    attributes: { num_scan_inputs: 1 },
    bodies: { body: [product(2)] },
  }
  // 7 steps of 8
  expect(costGraph(graphOf([scan]), types)).toMatchObject({ macs: 56, unknown: {} })
  const loop: Step = { op: 'Loop', inputs: { trips: null, c: null }, outputs: { o: null }, bodies: { body: [product(2)] } }
  expect(costGraph(graphOf([loop]), types)).toMatchObject({ macs: 8, unknown: { Loop: 1 } })
  const constant: ConstantView = {
    dtype: 'int64',
    shape: [],
    name: 'trips',
    sizeBytes: 8,
    from: 'initializer',
    isGraphInput: false,
    values: [5],
  }
  const counted = graphOf([loop])
  expect(costGraph({ ...counted, constants: { ...counted.constants, trips: constant } }, types)).toMatchObject({
    macs: 40,
    unknown: {},
  })
})
