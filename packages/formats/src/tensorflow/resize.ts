// Images made larger or smaller, as tf.image.resize does with half-pixel centres. Where ONNX's Resize means the same it is used; all
// others are linear in the pixels, one axis at a time, and become a product with a matrix of weights for each axis.
// tensorflow/core/kernels/image/{resize_bicubic_op,resize_area_op,scale_and_translate_op}.cc

import { float32s } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { concat, sizeAsRun } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'

export type Interpolation = 'nearest' | 'bilinear' | 'bicubic' | 'area' | 'lanczos3' | 'lanczos5' | 'gaussian' | 'mitchellcubic'

const INTERPOLATIONS: readonly string[] = [
  'nearest',
  'bilinear',
  'bicubic',
  'area',
  'lanczos3',
  'lanczos5',
  'gaussian',
  'mitchellcubic',
]
export const isInterpolation = (name: string): name is Interpolation => INTERPOLATIONS.includes(name)

export interface ResizeParts {
  readonly interpolation: Interpolation
  /** Wider kernels where the image becomes smaller. */
  readonly antialias?: boolean
  /** Where a cell of the result is in the image, of nearest and bilinear alone. Absent: its middle, as TensorFlow 2 has it. */
  readonly coordinates?: 'half_pixel' | 'asymmetric'
  /** The result's spatial sizes, or how many times larger each is. */
  readonly to: { readonly sizes: readonly number[] } | { readonly times: readonly number[] }
}

/** `x`: [n, c, height, width]. Undefined if it needs sizes that are not known. */
export function resizedImage(builder: GraphBuilder, x: Value, parts: ResizeParts): Value | undefined {
  const { interpolation, antialias = false, to } = parts
  const from = x.shape.slice(2)
  const sizes = 'sizes' in to ? to.sizes : from.map((size, k) => (typeof size === 'number' ? size * to.times[k]! : null))
  const known = [...from, ...sizes].every((size) => typeof size === 'number')
  for (const size of [...from, ...sizes])
    if (typeof size === 'number' && !(Number.isInteger(size) && size >= 0 && size <= MOST_PIXELS))
      throw new RangeError(`images of ${size} pixels along an axis are not resized`)
  const smooth = antialias && interpolation !== 'nearest' && interpolation !== 'area'
  const shrinks = !known || from.some((size, k) => Number(size) > Number(sizes[k]))
  if (!smooth || !shrinks) {
    if (interpolation === 'nearest' || interpolation === 'bilinear')
      return resizeNode(builder, x, { interpolation, to, sizes, coordinates: parts.coordinates })
    const exact = known && from.every((size, k) => inTable(Number(size), Number(sizes[k])))
    if (interpolation === 'bicubic' && (exact || !known)) return resizeNode(builder, x, { interpolation, to, sizes })
  }
  if (!known) return undefined
  const [rows, columns] = from.map((size, k) => weights(Number(size), Number(sizes[k]), { interpolation, smooth }))
  const shape = [...x.shape.slice(0, 3), sizes[1]!]
  const wide = builder.op('MatMul', [x, matrix(builder, columns!, true)], { dtype: x.dtype, shape })
  return builder.op('MatMul', [matrix(builder, rows!, false), wide], {
    dtype: x.dtype,
    shape: [...x.shape.slice(0, 2), ...sizes],
  })
}

/** Nearest neighbours of a value of any rank, each spatial axis ([n, c, …]) this many times larger. */
export function repeat(builder: GraphBuilder, x: Value, times: readonly number[]): Value {
  const sizes = x.shape.slice(2).map((size, k) => (typeof size === 'number' ? size * times[k]! : null))
  const attributes = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
  const scales = builder.constant(float32s([2 + times.length], [1, 1, ...times]), 'scales')
  return builder.op('Resize', [x, undefined, scales], { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...sizes] }, attributes)
}

/** [n, c, height, width] as an image of `sizes` (int64 list of two), of which `shape` is what is known. */
export function resizeTo(
  builder: GraphBuilder,
  x: Value,
  { sizes, shape }: { readonly sizes: Value; readonly shape: readonly Dimension[] },
  attributes: Readonly<Record<string, string | number>>,
): Value {
  const target = concat(builder, [sizeAsRun(builder, x, 0), sizeAsRun(builder, x, 1), sizes], 0)
  const type = { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...shape] }
  return builder.op('Resize', [x, undefined, undefined, target], type, attributes)
}

const MODES = {
  nearest: { mode: 'nearest', nearest_mode: 'round_prefer_ceil' },
  bilinear: { mode: 'linear' },
  bicubic: { mode: 'cubic', cubic_coeff_a: -0.5, exclude_outside: 1 },
} as const

function resizeNode(
  builder: GraphBuilder,
  x: Value,
  parts: {
    interpolation: keyof typeof MODES
    to: ResizeParts['to']
    sizes: readonly Dimension[]
    coordinates?: ResizeParts['coordinates']
  },
): Value {
  const { interpolation, to, sizes, coordinates = 'half_pixel' } = parts
  const floor = interpolation === 'nearest' && coordinates === 'asymmetric' ? { nearest_mode: 'floor' } : {}
  const attributes = { ...MODES[interpolation], ...floor, coordinate_transformation_mode: coordinates }
  const type = { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...sizes] }
  if ('times' in to) {
    const scales = builder.constant(float32s([4], [1, 1, ...to.times]), 'scales')
    return builder.op('Resize', [x, undefined, scales], type, attributes)
  }
  return resizeTo(builder, x, { sizes: builder.ints(to.sizes), shape: sizes }, attributes)
}

function matrix(builder: GraphBuilder, rows: readonly Float64Array[], turned: boolean): Value {
  const [to, from] = [rows.length, rows[0]!.length]
  const data = new Float32Array(to * from)
  for (let y = 0; y < to; y++) for (let x = 0; x < from; x++) data[turned ? x * to + y : y * from + x] = rows[y]![x]!
  return builder.constant(float32s(turned ? [from, to] : [to, from], data), 'weights')
}

interface Kernel {
  readonly radius: number
  readonly at: (distance: number) => number
}

const lanczos = (radius: number): Kernel => ({
  radius,
  at: (x) => {
    if (x > radius) return 0
    return x <= 1e-3 ? 1 : (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * Math.PI * x * x)
  },
})

const KERNELS: Readonly<Record<Exclude<Interpolation, 'nearest' | 'area'>, Kernel>> = {
  bilinear: { radius: 1, at: (x) => Math.max(0, 1 - x) },
  bicubic: {
    radius: 2,
    at: (x) => (x >= 2 ? 0 : x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1),
  },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
  gaussian: { radius: 1.5, at: (x) => (x >= 1.5 ? 0 : Math.exp((-x * x) / (2 * 0.5 * 0.5))) },
  mitchellcubic: {
    radius: 2,
    at: (x) => (x >= 2 ? 0 : x >= 1 ? (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9 : ((7 / 6) * x - 2) * x * x + 8 / 9),
  },
}

/** Along an axis. */
const MOST_PIXELS = 1 << 16
const MOST_WEIGHTS = 1 << 23

/** A row of weights for each cell of the result. Throws a RangeError if they would take too much memory. */
function weights(
  from: number,
  to: number,
  { interpolation, smooth }: { readonly interpolation: Interpolation; readonly smooth: boolean },
): Float64Array[] {
  if (from * to > MOST_WEIGHTS) throw new RangeError(`images of ${from} pixels along an axis are not resized to ${to}`)
  return Array.from({ length: to }, (_, cell) => {
    if (interpolation === 'area') return areaRow(cell, from, to)
    if (interpolation === 'bicubic' && !smooth) return cubicRow(cell, from, to)
    return kernelRow(cell, from, { to, kernel: KERNELS[interpolation as 'lanczos3'], smooth })
  })
}

function kernelRow(
  cell: number,
  from: number,
  { to, kernel, smooth }: { readonly to: number; readonly kernel: Kernel; readonly smooth: boolean },
): Float64Array {
  const scale = from / to
  const width = smooth ? Math.max(scale, 1) : 1
  const middle = (cell + 0.5) * scale
  const bounded = (at: number) => Math.min(Math.max(at, 0), from - 1)
  const first = bounded(Math.ceil(middle - kernel.radius * width - 0.5))
  const last = bounded(Math.floor(middle + kernel.radius * width - 0.5))
  const row = new Float64Array(from)
  for (let k = first; k <= last; k++) row[k] = kernel.at(Math.abs((k + 0.5 - middle) / width))
  return normalized(row)
}

/** TensorFlow looks its cubic weights up in a table of 1024 places between two pixels. */
const TABLE = 1024

function cubicRow(cell: number, from: number, to: number): Float64Array {
  const at = (cell + 0.5) * (from / to) - 0.5
  const low = Math.floor(at)
  const place = Math.round((at - low) * TABLE) / TABLE
  const row = new Float64Array(from)
  const { at: weight } = KERNELS.bicubic
  for (const [k, distance] of [1 + place, place, 1 - place, 2 - place].entries()) {
    const pixel = low - 1 + k
    if (pixel >= 0 && pixel < from) row[pixel] = weight(distance)
  }
  return normalized(row)
}

/** Whether the table holds the places of all cells, so that ONNX's cubic means the same. */
function inTable(from: number, to: number): boolean {
  return Array.from({ length: to }, (_, cell) => ((cell + 0.5) * from * TABLE) / to - TABLE / 2).every(Number.isInteger)
}

/** Each pixel by how much of it the cell covers. */
function areaRow(cell: number, from: number, to: number): Float64Array {
  const [start, end] = [(cell * from) / to, ((cell + 1) * from) / to]
  return Float64Array.from({ length: from }, (_, k) => Math.max(0, Math.min(k + 1, end) - Math.max(k, start)) / (end - start))
}

function normalized(row: Float64Array): Float64Array {
  const sum = row.reduce((all, weight) => all + weight, 0)
  return sum === 0 ? row : row.map((weight) => weight / sum)
}
