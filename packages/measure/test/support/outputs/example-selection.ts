// Graphs that select, for tests: a head that lists the peaks of a score map, as line and keypoint detectors have it.
import type { AttributeView, ConstantView, GraphView, NodeView } from '@whyslow/graph/types.ts'

export const node = (
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeView>> = {},
): NodeView => ({ name: outputs[0]!, opType, domain: '', inputs, outputs, attributes, subgraphs: {} })

export const graphOf = (
  nodes: readonly NodeView[],
  outputs: readonly string[],
  constants: Readonly<Record<string, readonly number[]>> = {},
): GraphView => ({
  name: '',
  nodes,
  inputs: [],
  outputs: outputs.map((name) => ({ name, kind: 'tensor', dtype: null, shape: null })),
  constants: Object.fromEntries(Object.entries(constants).map(([name, values]) => [name, constant(name, values)])),
  types: {},
})

const constant = (name: string, values: readonly number[]): ConstantView => ({
  ...{ name, values, dtype: 'float32', shape: [values.length] },
  ...{ sizeBytes: 4 * values.length, from: 'initializer', isGraphInput: false },
})

/** Sigmoid, peaks by max-pooling, the best `count` of them, where they are on a map `width` wide, and what another map says there. */
export function peakList(count: number, width: number, outputs: readonly string[]): GraphView {
  const nodes = [
    node('Sigmoid', ['logits'], ['map']),
    node('MaxPool', ['map'], ['pooled']),
    node('Equal', ['map', 'pooled'], ['isPeak']),
    node('Cast', ['isPeak'], ['mask']),
    node('Mul', ['map', 'mask'], ['peaks']),
    node('Reshape', ['peaks', 'flat'], ['flattened']),
    node('TopK', ['flattened', 'k'], ['scores', 'index']),
    node('Div', ['index', 'width'], ['y']),
    node('Mod', ['index', 'width'], ['x']),
    node('Unsqueeze', ['y', 'last'], ['y1']),
    node('Unsqueeze', ['x', 'last'], ['x1']),
    node('Concat', ['y1', 'x1'], ['yx']),
    node('Cast', ['yx'], ['points']),
    node('GatherND', ['offsets', 'yx'], ['lines']),
  ]
  return graphOf(nodes, outputs, { k: [count], width: [width], last: [-1], flat: [1, -1] })
}
