// DynamicQuantizeLinear - MatMulInteger or ConvInteger - Cast - Mul: brought into the form that the engine fuses, or, for convolutions,
// which have no such form, back to floats.
import type { NodeProto } from 'onnx-buf'
import { node as makeNode, rawTensor } from '../../graph/build.ts'
import { copyWith } from '../../graph/copy.ts'
import type { NodeView } from '../../graph/types.ts'
import { integersOf, type QuantizedGraph, type Repair } from './quantized-graph.ts'

/** DynamicQuantizeLinear - ConvInteger - Cast - Mul as a Conv of floats with the weights dequantized. */
export function integerConvolutions(quantized: QuantizedGraph): Repair[] {
  const { at, matching, model, protoOf, fresh } = quantized
  return at.graph.nodes.flatMap((product) => {
    const quantize = at.producer(product.inputs[0])
    const cast = at.onlyReader(product)
    if (product.opType !== 'ConvInteger' || quantize?.opType !== 'DynamicQuantizeLinear' || cast?.opType !== 'Cast') return []
    const scaling = scalesBehind(quantized, cast, quantize.outputs[1]!)
    const weights = matching.constant(product.inputs[1])
    const scales = matching.numbers(scaling?.weightScale)
    const zeros = product.inputs[3] ? matching.numbers(product.inputs[3]) : [0]
    if (scaling === undefined || weights === undefined || scales === undefined || zeros?.length !== 1) return []
    const channels = weights.shape[0]!
    const shape = matching.constant(scaling.weightScale)!.shape
    // One scale, or one for each output channel: [M, 1, 1] or [1, M, 1, 1].
    const spatial = weights.shape.length - 2
    const isPerChannel = scales.length === channels && shape.at(-1 - spatial) === channels
    if (scales.length !== 1 && !isPerChannel) return []
    const stored = integersOf(model, weights)
    if (stored === undefined) return []
    const perChannel = weights.elementCount / channels
    const real = Float32Array.from({ length: weights.elementCount }, (_, i) => {
      return (stored[i]! - zeros[0]!) * scales[scales.length === 1 ? 0 : Math.floor(i / perChannel)]!
    })
    const name = fresh(`${weights.name}_float`)
    const conv = copyWith(protoOf(product), {
      opType: 'Conv',
      input: [quantize.inputs[0]!, name],
      output: [scaling.output],
    })
    const remove = new Set<NodeProto>([protoOf(product), protoOf(cast), ...scaling.nodes.map(protoOf)])
    const tensor = rawTensor(name, 'float32', weights.shape, new Uint8Array(real.buffer))
    return [{ edit: { remove, add: [conv], addInitializers: [tensor] }, nodes: [product.outputs[0]!] }]
  })
}

/** Cast - Mul by the product of both scales, or by one after the other. */
function scalesBehind({ at, matching }: QuantizedGraph, cast: NodeView, inputScale: string) {
  const first = at.onlyReader(cast)
  if (first?.opType !== 'Mul') return undefined
  const other = otherOf(first, cast.outputs[0]!)
  const made = at.producer(other)
  if (made?.opType === 'Mul' && made.inputs.includes(inputScale)) {
    const weightScale = otherOf(made, inputScale)
    if (matching.constant(weightScale) === undefined) return undefined
    // Several products may share their scales: the Mul that made them stays where it is read.
    return { nodes: [first], weightScale, output: first.outputs[0]! }
  }
  const second = at.onlyReader(first)
  if (second?.opType !== 'Mul') return undefined
  const last = otherOf(second, first.outputs[0]!)
  const [x, w] = other === inputScale ? [other, last] : [last, other]
  if (x !== inputScale || matching.constant(w) === undefined) return undefined
  return { nodes: [first, second], weightScale: w, output: second.outputs[0]! }
}

const otherOf = ({ inputs }: NodeView, name: string): string | undefined =>
  inputs.length === 2 ? (inputs[0] === name ? inputs[1] : inputs[0]) : undefined

/** MatMulInteger - Cast - Mul - Mul with its two scales multiplied first, in the form that the engine fuses. */
export function scalesFirst(quantized: QuantizedGraph): Repair[] {
  const { at, protoOf, fresh } = quantized
  return at.graph.nodes.flatMap((product) => {
    const cast = product.opType === 'MatMulInteger' ? at.onlyReader(product) : undefined
    const first = cast?.opType === 'Cast' ? at.onlyReader(cast) : undefined
    const second = first?.opType === 'Mul' ? at.onlyReader(first) : undefined
    if (cast === undefined || first === undefined || second?.opType !== 'Mul') return []
    const scales = [otherOf(first, cast.outputs[0]!), otherOf(second, first.outputs[0]!)]
    const quantize = at.producer(product.inputs[0])
    if (quantize?.opType !== 'DynamicQuantizeLinear' || !scales.includes(quantize.outputs[1]) || scales.includes(undefined))
      return []
    const name = fresh(`${second.outputs[0]!}_scales`)
    const add = [
      makeNode({ opType: 'Mul', name: `${name}_Mul` }, scales as string[], [name]),
      copyWith(protoOf(second), { input: [cast.outputs[0]!, name] }),
    ]
    return [{ edit: { remove: new Set([protoOf(first), protoOf(second)]), add }, nodes: [product.outputs[0]!] }]
  })
}
