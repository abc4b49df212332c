import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import { describe, expect, it } from 'vitest'
import { originsOf } from './origins.ts'

const node = (name: string, opType: string, inputs: string[], outputs: string[]): NodeView => ({
  name,
  opType,
  domain: '',
  inputs,
  outputs,
  attributes: {},
  subgraphs: {},
})
const graph = (nodes: NodeView[], inputs: string[] = ['x']): GraphView => ({
  name: 'g',
  nodes,
  inputs: inputs.map((name) => ({ name, kind: 'tensor', dtype: 'float32', shape: null })),
  outputs: [],
  constants: {},
  types: {},
})

const original = graph([
  node('conv', 'Conv', ['x', 'w'], ['a']),
  node('relu', 'Relu', ['a'], ['b']),
  node('pool', 'MaxPool', ['b'], ['c']),
  node('exp', 'Exp', ['c'], ['d']),
])

describe('originsOf', () => {
  it('gives a fused node all that it absorbed', () => {
    const executed = graph([
      node('fused', 'FusedConv', ['x', 'w'], ['b']),
      node('pool', 'MaxPool', ['b'], ['c']),
      node('exp', 'Exp', ['c'], ['d']),
    ])
    expect(originsOf(executed, original).map((o) => [...o.origin].sort())).toEqual([['conv', 'relu'], ['pool'], ['exp']])
  })

  it('follows values into the blocked layout and names what was put in after the value it converts', () => {
    const executed = graph([
      node('ReorderInput', 'ReorderInput', ['x'], ['reorder']),
      node('b_nchwc', 'Conv', ['reorder', 'w'], ['reorder_token_1']),
      node('c_nchwc', 'MaxPool', ['reorder_token_1'], ['reorder_token_2']),
      node('ReorderOutput', 'ReorderOutput', ['reorder_token_2'], ['c']),
      node('exp', 'Exp', ['c'], ['d']),
    ])
    const origins = originsOf(executed, original)
    expect(origins.map((o) => [...o.origin].sort())).toEqual([['conv'], ['conv', 'relu'], ['pool'], ['pool'], ['exp']])
    expect(origins.map((o) => o.inserted)).toEqual([true, false, false, true, false])
  })

  it('finds a node whose output was renamed by its operator and inputs', () => {
    const executed = graph([
      node('b_nchwc', 'Conv', ['x', 'w'], ['t1']),
      node('?', 'MaxPool', ['t1'], ['t2']),
      node('', 'Exp', ['t2'], ['d']),
    ])
    expect(originsOf(executed, original).map((o) => o.origin)).toEqual([['relu', 'conv'], ['pool'], ['exp']])
  })

  it('gives an int8 node that was moved to channels-last the conversions that fused into it', () => {
    const quantized = graph([
      node('q', 'QuantizeLinear', ['x', 's', 'z'], ['xq']),
      node('dq', 'DequantizeLinear', ['xq', 's', 'z'], ['xf']),
      node('wdq', 'DequantizeLinear', ['w', 'ws', 'wz'], ['wf']),
      node('stem', 'Conv', ['xf', 'wf'], ['c']),
      node('relu', 'Relu', ['c'], ['r']),
      node('rq', 'QuantizeLinear', ['r', 's', 'z'], ['rq_out']),
      node('rdq', 'DequantizeLinear', ['rq_out', 's', 'z'], ['rf']),
      node('add', 'Add', ['rf', 'rf'], ['a']),
      node('aq', 'QuantizeLinear', ['a', 's', 'z'], ['aq_out']),
      node('adq', 'DequantizeLinear', ['aq_out', 's', 'z'], ['y']),
    ])
    const executed = graph([
      node('q', 'QuantizeLinear', ['x', 's', 'z'], ['xq']),
      node('Transpose', 'Transpose', ['xq'], ['Transpose_out0']),
      node('stem_token_1', 'QLinearConv', ['Transpose_out0', 's', 'z', 'w', 'ws', 'wz', 's', 'z'], ['stem']),
      node('add', 'QLinearAdd', ['stem', 's', 'z', 'stem', 's', 'z', 's', 'z'], ['add']),
      node('Transpose_1', 'Transpose', ['add'], ['aq_out']),
      node('adq', 'DequantizeLinear', ['aq_out', 's', 'z'], ['y']),
    ])
    const origins = originsOf(executed, quantized)
    expect(origins.map(({ origin }) => [...origin].sort())).toEqual([
      ['q'],
      ['q'],
      ['dq', 'relu', 'rq', 'stem', 'wdq'],
      ['add', 'aq', 'rdq'],
      ['aq'],
      ['adq'],
    ])
    expect(origins.map(({ inserted }) => inserted)).toEqual([false, true, false, false, true, false])
  })

  it('gives inner nodes of an expanded function the origin of what takes their values', () => {
    const executed = graph([
      node('inner1', 'Softplus', ['hidden0'], ['hidden1']),
      node('inner2', 'Tanh', ['hidden1'], ['hidden2']),
      node('exp', 'Mul', ['c', 'hidden2'], ['d']),
    ])
    expect(originsOf(executed, original).map((o) => o.origin[0])).toEqual(['exp', 'exp', 'exp'])
  })
})
