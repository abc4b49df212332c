// Models of trivial nodes: chains of one kind or of many, and loops.

import { floatTensor, graph, int64Tensor, model, node, rawTensor, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import type { NodeProto } from 'onnx-buf'

export type ChainKind = 'unary' | 'wide' | 'varied'

/** Inputs of the wide node: the same value, so that the arithmetic stays trivial. */
const WIDE_INPUTS = 8
export const CHAIN_WIDTH = 8

/** A chain from `x` to `y` of `links` links, float32 [1, 8]; opset 13. */
export function chainModel(kind: ChainKind, links: number): Uint8Array {
  const nodes: NodeProto[] = []
  for (let i = 0; i < links; i++) {
    const from = i === 0 ? 'x' : `y${i - 1}`
    const to = i === links - 1 ? 'y' : `y${i}`
    if (kind === 'unary') nodes.push(node(i % 2 ? 'Neg' : 'Abs', [from], [to]))
    else if (kind === 'wide') nodes.push(node('Sum', [from, ...Array<string>(WIDE_INPUTS - 1).fill('x')], [to]))
    else nodes.push(...variedBlock(i, from, to))
  }
  const type = ['float32', [1, CHAIN_WIDTH]] as const
  return writeModel(
    model({
      nodes,
      inputs: [valueInfo('x', ...type)],
      outputs: [valueInfo('y', ...type)],
      initializers: kind === 'varied' ? constants() : [],
      opset: 13,
    }),
  )
}

/** Sixteen nodes of thirteen kinds, one to five inputs each. */
function variedBlock(i: number, from: string, to: string): NodeProto[] {
  const v = (name: string) => `${name}${i}`
  return [
    node('Slice', [from, 'zero', 'half', 'one', 'one'], [v('a')]),
    node('Slice', [from, 'half', 'whole', 'one', 'one'], [v('b')]),
    node('Sigmoid', [v('a')], [v('c')]),
    node('Tanh', [v('b')], [v('d')]),
    node('Mul', [v('c'), v('d')], [v('e')]),
    node('Concat', [v('e'), v('b')], [v('f')], { axis: 1 }),
    node('Unsqueeze', [v('f'), 'zero'], [v('g')]),
    node('Transpose', [v('g')], [v('h')], { perm: [2, 0, 1] }),
    node('Squeeze', [v('h'), 'one'], [v('i')]),
    node('Reshape', [v('i'), 'shape'], [v('j')]),
    node('ReduceMean', [v('j')], [v('k')], { axes: [1], keepdims: 1 }),
    node('Sub', [v('j'), v('k')], [v('l')]),
    node('MatMul', [v('l'), 'weight'], [v('m')]),
    node('Add', [v('m'), 'bias'], [v('n')]),
    node('Relu', [v('n')], [v('o')]),
    node('Gather', [v('o'), 'order'], [to], { axis: 1 }),
  ]
}

const VARIED_NODES = 16

export const nodesPerLink = (kind: ChainKind): number => (kind === 'varied' ? VARIED_NODES : 1)

const constants = () => [
  int64Tensor('zero', [1], [0]),
  int64Tensor('one', [1], [1]),
  int64Tensor('half', [1], [CHAIN_WIDTH / 2]),
  int64Tensor('whole', [1], [CHAIN_WIDTH]),
  int64Tensor('shape', [2], [1, CHAIN_WIDTH]),
  int64Tensor(
    'order',
    [CHAIN_WIDTH],
    Array.from({ length: CHAIN_WIDTH }, (_, i) => CHAIN_WIDTH - 1 - i),
  ),
  floatTensor(
    'weight',
    [CHAIN_WIDTH, CHAIN_WIDTH],
    Array.from({ length: CHAIN_WIDTH * CHAIN_WIDTH }, (_, i) => Math.sin(i)),
  ),
  floatTensor(
    'bias',
    [CHAIN_WIDTH],
    Array.from({ length: CHAIN_WIDTH }, (_, i) => i / CHAIN_WIDTH),
  ),
]

/** A Loop of this many rounds whose body has two trivial nodes; opset 13. */
export function loopModel(rounds: number): Uint8Array {
  const type = ['float32', [1, CHAIN_WIDTH]] as const
  const body = graph({
    nodes: [node('Identity', ['go'], ['goes']), node('Neg', ['from'], ['to'])],
    inputs: [valueInfo('round', 'int64', []), valueInfo('go', 'bool', []), valueInfo('from', ...type)],
    outputs: [valueInfo('goes', 'bool', []), valueInfo('to', ...type)],
  })
  return writeModel(
    model({
      nodes: [node('Loop', ['rounds', 'start', 'x'], ['y'], { body })],
      inputs: [valueInfo('x', ...type)],
      outputs: [valueInfo('y', ...type)],
      initializers: [int64Tensor('rounds', [], [rounds]), rawTensor('start', 'bool', [], Uint8Array.of(1))],
      opset: 13,
    }),
  )
}
