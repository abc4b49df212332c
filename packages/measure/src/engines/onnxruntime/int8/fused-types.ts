// The types that activations have when ONNX Runtime looks for groups to fuse. Where int8 activations do not stay int8 (everywhere but on
// Arm, unless session.qdqisint8allowed says so), an int8 QuantizeLinear - DequantizeLinear pair becomes uint8 before, if nobody else
// reads between them; a DequantizeLinear with several readers is first split into one for each, so that its pair stays int8, and so do
// constants. onnxruntime/core/optimizer: graph_transformer_utils.cc, qdq_transformer/ensure_unique_dq_for_node_unit.cc, qdq_s8_to_u8.cc.
import type { Neighbours } from '@whyslow/graph/neighbours.ts'
import type { DType, NodeView } from '@whyslow/graph/types.ts'
import { type Conversion, conversionOf, isDequantize, isQuantize, sameParameters } from './conversion.ts'

/** How the engine fuses here, apart from the graph. */
export interface FusionSettings {
  readonly opset: number
  /** int8 activations stay int8. */
  readonly keepsInt8: boolean
}

const KEEPS_INT8 = 'session.qdqisint8allowed'

/** True where int8 activations stay int8, as the session is configured and on this processor. */
export function keepsInt8(
  architecture: string | undefined,
  configEntries: Readonly<Record<string, string>> | undefined,
): boolean {
  const asked = configEntries?.[KEEPS_INT8]
  return asked === undefined ? /^arm/.test(architecture ?? '') : asked === '1'
}

/** Type of the quantized side of a conversion; undefined if nothing says it. */
export function typeAsFused(conversion: Conversion, at: Neighbours, fusing: FusionSettings): DType | undefined {
  const { dtype, node } = conversion
  if (dtype !== 'int8' || fusing.keepsInt8) return dtype
  const quantize = isQuantize(node) ? node : at.producer(node.inputs[0])
  return isQuantize(quantize) && becomesUint8(quantize, at) ? 'uint8' : dtype
}

function becomesUint8(quantize: NodeView, at: Neighbours): boolean {
  // A constant that is quantized in the graph is an int8 constant by then.
  if (at.graph.constants[quantize.inputs[0] ?? ''] !== undefined) return false
  const from = conversionOf(quantize, at)
  // Equal ones are one by then.
  const equal = at.readers(quantize.inputs[0]).filter((one) => isQuantize(one) && sameParameters(conversionOf(one, at), from))
  const values = equal.map(({ outputs }) => outputs[0])
  const readers = values.flatMap(at.readers)
  if (values.some(at.isGraphOutput) || readers.length === 0 || !readers.every(isDequantize)) return false
  if (readers.reduce((sum, reader) => sum + timesRead(reader, at), 0) > 1) return false
  const to = conversionOf(readers[0]!, at)
  if (!from.hasZeroPoint || !to.hasZeroPoint || from.zeroPoint?.length !== 1 || to.zeroPoint?.length !== 1) return false
  return from.zeroPoint[0] === to.zeroPoint[0]
}

/** Inputs that read what a node gives, a node twice where it does; an output of the graph, and subgraphs together, count as one more. */
function timesRead({ outputs: [value] }: NodeView, { readers, isGraphOutput }: Neighbours): number {
  const counts = readers(value).map(({ inputs }) => inputs.filter((input) => input === value).length)
  const elsewhere = isGraphOutput(value) || counts.includes(0)
  return counts.reduce((sum, count) => sum + count, elsewhere ? 1 : 0)
}
