// Which kernel the engine runs for a layer, read off the graph that it executes: what the quantizer writes for a node is named after the
// node or its first output, and what the engine fuses bears the name of a node or value in it.
import type { GraphView } from '@whyslow/graph/types.ts'

const CONVERSIONS = new Set([
  'QuantizeLinear',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
  'Cast',
  'ReorderInput',
  'ReorderOutput',
])

export interface NamedLayer {
  /** The node's first output. */
  readonly node: string
  /** The node's own name; '' if it has none. */
  readonly name: string
}

/** Kernels keyed by layer (its first output); absent if no node is clearly its own. */
export function fusedKernels({ nodes }: GraphView, layers: readonly NamedLayer[]): ReadonlyMap<string, string> {
  const own = nodes.filter(({ opType }) => !CONVERSIONS.has(opType))
  const found = new Map<string, string>()
  for (const { node, name } of layers) {
    const kernel =
      own.find((one) => one.outputs.includes(node) || (name !== '' && one.name === name)) ??
      own.find((one) => one.outputs.some((output) => belongsTo(output, node)) || (name !== '' && belongsTo(one.name, name)))
    if (kernel !== undefined) found.set(node, kernel.opType)
  }
  return found
}

/** 'conv1' owns 'conv1_quant' and 'conv1/q', not 'conv10'. */
const belongsTo = (name: string, layer: string): boolean =>
  name.startsWith(layer) && name.length > layer.length && !/[A-Za-z0-9]/.test(name[layer.length]!)
