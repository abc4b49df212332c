// int8 activations as uint8: zero points shifted by 128, scales as they are, so that every number represents what it stood for. On x86 the
// engine fuses uint8 activations, and makes int8 ones uint8 only if nobody else reads them.

import { rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { editGraph, type GraphEdit, withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { int8KernelOf } from '@whyslow/graph/operators/index.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import { declaration } from '@whyslow/graph/view.ts'
import { type Conversion, conversionOf, isDequantize, isQuantize } from '@whyslow/measure/engines/onnxruntime/int8/conversion.ts'
import type { NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf'
import { integersOf, type QuantizedGraph, quantizedGraph, type Repair, withInput } from './quantized-graph.ts'

const SHIFT = 128

/** All of them that can be, as one change; undefined if no group needs it. Weights of products stay int8, as the kernels take them. */
export function retypedActivations(quantized: QuantizedGraph): Repair | undefined {
  const { at } = quantized
  const unfused = at.graph.nodes.filter((node) => quantized.brokenOf(node)?.condition === 'int8-activations')
  if (unfused.length === 0) return undefined
  const pairs = at.graph.nodes.flatMap((node) => (isQuantize(node) ? convertersOf(quantized, node) : []))
  const edit = retyping(quantized, pairs)
  return edit && { edit, nodes: unfused.map(({ outputs }) => outputs[0]!) }
}

/** The part of a model with int8 that it takes and gives as uint8, as the engine runs it in the whole; the part itself if there is none. */
export function withUint8Ends(part: Model): Model {
  const quantized = quantizedGraph(part)
  if (quantized === undefined) return part
  const { at, graph } = quantized
  const inputs = new Set(graph.input.map(({ name }) => name))
  const isEnd = (node: NodeView) =>
    isQuantize(node) ? at.isGraphOutput(node.outputs[0]) : isDequantize(node) && inputs.has(node.inputs[0]!)
  const ends = at.graph.nodes.filter((node) => isEnd(node) && isShiftable(conversionOf(node, at)))
  const edit = retyping(quantized, ends)
  if (edit === undefined) return part
  const names = new Set(ends.map((node) => (isQuantize(node) ? node.outputs[0] : node.inputs[0])))
  const redeclared = (one: ValueInfoProto): ValueInfoProto =>
    names.has(one.name) ? valueInfo(one.name, 'uint8', declaration(one).shape ?? undefined) : one
  const edited = editGraph(graph, edit)
  return withGraph(part, copyWith(edited, { input: edited.input.map(redeclared), output: edited.output.map(redeclared) }))
}

/** For these conversions, and for integer constants next to what they convert; undefined if there are none. */
function retyping(quantized: QuantizedGraph, converters: readonly NodeView[]): GraphEdit | undefined {
  const constants = quantized.at.graph.nodes.filter((node) => isDequantize(node) && isIntegerOperand(quantized, node))
  const zeros = new Map<string, TensorProto>()
  const stored = new Map<string, TensorProto>()
  const retyped = (node: NodeView, isConstant: boolean): NodeProto => {
    const zero = shifted(quantized, node.inputs[2], zeros)
    const proto = withInput(quantized.protoOf(node), 2, zero)
    // The zero point tells the type.
    const attribute = proto.attribute.filter(({ name }) => name !== 'output_dtype')
    const plain = copyWith(proto, { attribute })
    return isConstant ? withInput(plain, 0, shifted(quantized, node.inputs[0], stored)) : plain
  }
  const add = [...converters.map((node) => retyped(node, false)), ...constants.map((node) => retyped(node, true))]
  if (add.length === 0) return undefined
  return {
    remove: new Set([...converters, ...constants].map(quantized.protoOf)),
    add,
    addInitializers: [...zeros.values(), ...stored.values()],
  }
}

/** The QuantizeLinear and all that dequantizes its int8 output; none if somebody else reads that. */
function convertersOf({ at }: QuantizedGraph, quantize: NodeView): NodeView[] {
  const [value] = quantize.outputs
  const readers = at.readers(value)
  const all = [quantize, ...readers]
  const isPlain = !at.isGraphOutput(value) && readers.length > 0 && readers.every(isDequantize)
  return isPlain && all.every((node) => isShiftable(conversionOf(node, at))) ? all : []
}

const isShiftable = ({ dtype, hasZeroPoint, zeroPoint }: Conversion): boolean =>
  dtype === 'int8' && hasZeroPoint && zeroPoint !== undefined

/** Dequantizes a constant that an operator reads as it reads activations, which have to be of one type. */
function isIntegerOperand({ at, matching }: QuantizedGraph, dequantize: NodeView): boolean {
  const readers = at.readers(dequantize.outputs[0])
  if (matching.constant(dequantize.inputs[0]) === undefined || readers.length === 0) return false
  const isOperand = ({ opType, inputs }: NodeView) => {
    const kernel = int8KernelOf(opType)
    const index = inputs.indexOf(dequantize.outputs[0]!)
    return kernel !== undefined && kernel.kind !== 'linear' && (kernel.data?.includes(index) ?? true)
  }
  return isShiftable(conversionOf(dequantize, at)) && readers.every(isOperand)
}

/** The name of the int8 constant as uint8, made once. */
function shifted({ matching, model, fresh }: QuantizedGraph, name: string | undefined, made: Map<string, TensorProto>): string {
  const known = made.get(name!)
  if (known !== undefined) return known.name
  const constant = matching.constant(name)!
  const bytes = Uint8Array.from(integersOf(model, constant)!, (value) => value + SHIFT)
  const tensor = rawTensor(fresh(`${name}_uint8`), 'uint8', constant.shape, bytes)
  made.set(name!, tensor)
  return tensor.name
}
