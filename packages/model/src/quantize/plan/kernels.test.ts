import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import { expect, test } from 'vitest'
import { fusedKernels } from './kernels.ts'

const ran = (opType: string, name: string, ...outputs: string[]): NodeView => ({
  name,
  opType,
  domain: '',
  inputs: [],
  outputs,
  attributes: {},
  subgraphs: {},
})
const graph = (...nodes: NodeView[]): GraphView => ({ name: '', nodes, inputs: [], outputs: [], constants: {}, types: {} })

test('a layer is found by its value, by its name, and by what was added to either', () => {
  const executed = graph(
    ran('QuantizeLinear', 'q', 'a_quantized'),
    ran('QLinearConv', 'x', 'a_out_quantized'),
    ran('MatMulIntegerToFloat', '/l/MatMul_quant', 'sum'),
    ran('Conv', 'c', 'c_out'),
  )
  const layers = [
    { node: 'a_out', name: '' },
    { node: 'product', name: '/l/MatMul' },
    { node: 'c_out', name: 'other' },
  ]
  expect([...fusedKernels(executed, layers)]).toEqual([
    ['a_out', 'QLinearConv'],
    ['product', 'MatMulIntegerToFloat'],
    ['c_out', 'Conv'],
  ])
})

test('conversions are no kernel of a layer, and conv1 is not conv10', () => {
  const executed = graph(ran('DequantizeLinear', 'conv1_dq', 'y'), ran('QLinearConv', 'conv10_quant', 'z'))
  expect(fusedKernels(executed, [{ node: 'y', name: 'conv1' }]).size).toBe(0)
})
