// QuantizeLinear and DequantizeLinear: q = saturate(round(x / scale) + zero point), and back.
// https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
import { dtypeOf } from '@whyslow/graph/dtype.ts'
import type { Neighbours } from '@whyslow/graph/neighbours.ts'
import type { DType, GraphView, NodeView } from '@whyslow/graph/types.ts'

export interface Conversion {
  readonly node: NodeView
  /** One, or one per channel; undefined if it is no constant, belongs to blocks, or is not known. */
  readonly scale: readonly number[] | undefined
  /** As many as scales; where it is left out, a zero; undefined if it is no constant or not known. */
  readonly zeroPoint: readonly number[] | undefined
  readonly hasZeroPoint: boolean
  /** Type of the quantized side; undefined if nothing says it. */
  readonly dtype: DType | undefined
  /** The axis that several scales belong to. */
  readonly axis: number
}

export function isDequantize(node: NodeView): boolean
export function isDequantize(node: NodeView | undefined): node is NodeView
export function isDequantize(node: NodeView | undefined): boolean {
  return node?.opType === 'DequantizeLinear'
}

export function isQuantize(node: NodeView): boolean
export function isQuantize(node: NodeView | undefined): node is NodeView
export function isQuantize(node: NodeView | undefined): boolean {
  return node?.opType === 'QuantizeLinear'
}

/** What a QuantizeLinear or DequantizeLinear converts by. */
export function conversionOf(node: NodeView, { graph, producer }: Pick<Neighbours, 'graph' | 'producer'>): Conversion {
  const [value, scale, zeroPoint] = node.inputs
  const { constants } = graph
  const hasZeroPoint = zeroPoint !== undefined && zeroPoint !== ''
  const { axis = 1, block_size: block = 0 } = node.attributes
  // What a caller may override is no constant, and a scale for each block along an axis is none for each channel.
  const valuesOf = (name: string | undefined) =>
    block !== 0 || isListedAsInput(graph, name) ? undefined : constants[name ?? '']?.values
  const scales = valuesOf(scale)
  return {
    node,
    scale: scales,
    zeroPoint: hasZeroPoint ? valuesOf(zeroPoint) : scales?.map(() => 0),
    hasZeroPoint,
    dtype: hasZeroPoint ? constants[zeroPoint]?.dtype : dtypeWithoutZeroPoint(),
    axis: typeof axis === 'number' ? axis : 1,
  }

  function dtypeWithoutZeroPoint(): DType | undefined {
    if (isQuantize(node)) {
      const { output_dtype: asked } = node.attributes
      return typeof asked === 'number' && asked !== 0 ? dtypeOf(asked) : 'uint8'
    }
    const maker = producer(value)
    return constants[value ?? '']?.dtype ?? (isQuantize(maker) ? conversionOf(maker, { graph, producer }).dtype : undefined)
  }
}

/** Both convert every number in the same way; false if one is not known. */
export function sameParameters(a: Conversion, b: Conversion): boolean {
  const same = (x: readonly number[] | undefined, y: readonly number[] | undefined) =>
    x !== undefined && x.length === y?.length && x.every((value, i) => value === y[i])
  return same(a.scale, b.scale) && same(a.zeroPoint, b.zeroPoint) && (a.scale!.length === 1 || a.axis === b.axis)
}

const LIMITS: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65_535],
  int16: [-32_768, 32_767],
}

/** Lowest and highest value of a quantized type; undefined for types that no activation has. */
export function limitsOf(dtype: DType | undefined): readonly [number, number] | undefined {
  return dtype === undefined ? undefined : LIMITS[dtype]
}

/** The value is a constant that a caller may override, so that nothing is derived from it when the model is loaded. */
export function isListedAsInput({ constants }: GraphView, name: string | undefined): boolean {
  return constants[name ?? '']?.isGraphInput === true
}
