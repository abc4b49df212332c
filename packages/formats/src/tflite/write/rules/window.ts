// Windows that move over the spatial axes (convolutions, pooling): ONNX tells the cells before and after each axis, TFLite knows SAME and
// VALID alone. What is neither is padded by an operator before it.

import type { Dimension } from '@whyslow/graph/types.ts'
import { numberAttribute, numbersAttribute, textAttribute } from '@whyslow/graph/view-attributes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
export const PADDING_SAME = 0
export const PADDING_VALID = 1

export interface Window {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  /** SAME where that is what the pads are, else VALID over what is padded by `pads`. */
  readonly padding: number
  /** Cells before and after each spatial axis that must be added; all 0 if none must. */
  readonly pads: readonly (readonly [number, number])[]
}

export interface WindowSizes {
  readonly kernel: readonly number[]
  /** Spatial axes of the input. */
  readonly spatial: readonly Dimension[]
  /** Spatial axes of the result, which ceil_mode needs. */
  readonly results: readonly Dimension[]
  /** Pads are written out even where SAME would do. */
  readonly explicit?: boolean
}

export function windowOf(lower: Lowerer, node: OnnxNode, sizes: WindowSizes): Window {
  const { kernel, spatial, results, explicit = false } = sizes
  const rank = kernel.length
  const strides = numbersAttribute(node, 'strides') ?? kernel.map(() => 1)
  const dilations = numbersAttribute(node, 'dilations') ?? kernel.map(() => 1)
  const automatic = textAttribute(node, 'auto_pad', 'NOTSET')
  const window = { kernel, strides, dilations }
  const none = kernel.map(() => [0, 0] as const)
  if (automatic === 'VALID') return { ...window, padding: PADDING_VALID, pads: none }
  if (automatic === 'SAME_UPPER') return { ...window, padding: PADDING_SAME, pads: none }
  const given = numbersAttribute(node, 'pads') ?? new Array<number>(2 * rank).fill(0)
  const pads = kernel.map((size, axis): readonly [number, number] => {
    const span = (size - 1) * dilations[axis]! + 1
    if (automatic === 'SAME_LOWER') {
      const total = totalOf(lower, spatial[axis]!, span, strides[axis]!)
      return [total - (total >> 1), total >> 1]
    }
    const [before, after] = [given[axis]!, given[axis + rank]!]
    // ceil_mode: a last window that hangs over the end is whole when this many cells are added.
    const [size_, result] = [spatial[axis], results[axis]]
    if (numberAttribute(node, 'ceil_mode', 0) === 0) return [before, after]
    if (typeof size_ !== 'number' || typeof result !== 'number') return lower.refuse('ceil_mode over sizes that are free')
    return [before, Math.max(after, (result - 1) * strides[axis]! + span - size_ - before)]
  })
  if (pads.every(([before, after]) => before === 0 && after === 0)) return { ...window, padding: PADDING_VALID, pads: none }
  const same = !explicit && pads.every((pair, axis) => isSame(pair, spatial[axis]!, { ...window, axis }))
  return same ? { ...window, padding: PADDING_SAME, pads: none } : { ...window, padding: PADDING_VALID, pads }
}

function totalOf(lower: Lowerer, size: Dimension, span: number, stride: number): number {
  if (stride === 1) return span - 1
  if (typeof size !== 'number') return lower.refuse('SAME_LOWER over sizes that are free')
  return Math.max((Math.ceil(size / stride) - 1) * stride + span - size, 0)
}

/** TFLite's SAME puts the odd cell at the end; with a stride it depends on the size. */
function isSame(
  [before, after]: readonly [number, number],
  size: Dimension,
  { kernel, strides, dilations, axis }: Pick<Window, 'kernel' | 'strides' | 'dilations'> & { readonly axis: number },
): boolean {
  const [span, stride] = [(kernel[axis]! - 1) * dilations[axis]! + 1, strides[axis]!]
  if (stride !== 1 && typeof size !== 'number') return false
  const total =
    stride === 1 ? span - 1 : Math.max((Math.ceil((size as number) / stride) - 1) * stride + span - (size as number), 0)
  return before === total >> 1 && after === total - (total >> 1)
}

/** `tensor` (channels last) with cells of `value` around its spatial axes. */
export function pad(lower: Lowerer, tensor: LiteTensor, pads: Window['pads'], value = 0): LiteTensor {
  if (pads.every(([before, after]) => before === 0 && after === 0)) return tensor
  const rows = [[0, 0], ...pads, [0, 0]]
  const shape = tensor.shape.map((size, axis) => (typeof size === 'number' ? size + rows[axis]![0]! + rows[axis]![1]! : null))
  return padTo(lower, tensor, rows, { result: { dtype: tensor.dtype, shape }, value })
}

interface PadParts {
  readonly result: Parameters<Lowerer['op']>[2]
  readonly mode?: string
  readonly value?: number
}

/** `tensor` with cells around its axes, of which `rows` tell how many before and after each: of `value`, or its own ('reflect'). */
export function padTo(
  lower: Lowerer,
  tensor: LiteTensor,
  rows: readonly (readonly number[])[],
  { result, mode = 'constant', value = 0 }: PadParts,
): LiteTensor {
  const table = lower.constantTensor({ dtype: 'int32', shape: [rows.length, 2], data: Int32Array.from(rows.flat()) }, 'paddings')
  if (mode === 'reflect') return lower.op('MIRROR_PAD', [tensor, table], result, { mode: 0 })
  if (value === 0) return lower.op('PAD', [tensor, table], result)
  return lower.op('PADV2', [tensor, table, lower.number(value, tensor.dtype)], result)
}

/** [n, w, c] as [n, 1, w, c], which is what two-dimensional kernels take. */
export function withHeight(lower: Lowerer, tensor: LiteTensor): LiteTensor {
  const [n, ...others] = tensor.shape
  const shape = [n!, 1, ...others]
  return lower.op('EXPAND_DIMS', [tensor, lower.scalar(1)], { dtype: tensor.dtype, shape })
}

/** The way back. */
export function withoutHeight(lower: Lowerer, tensor: LiteTensor, holds: string | undefined): LiteTensor {
  const [n, , ...others] = tensor.shape
  const result = { dtype: tensor.dtype, shape: [n!, ...others], holds }
  return lower.op('SQUEEZE', [tensor], result, { squeeze_dims: [1] })
}
