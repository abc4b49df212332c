// Interpolation: Resize, Upsample, GridSample, RoiAlign and what makes their coordinates.
// https://onnx.ai/onnx/operators/onnx__Resize.html ; contrib twins: onnxruntime docs/ContribOperators.md
// An output takes 2 taps (linear) or 4 (cubic) along each dimension that changes, one MAC per combination. A kernel that goes
// dimension by dimension needs fewer.
import { elementCount, sizeInBytes } from '../dtype.ts'
import type { TensorType } from '../types.ts'
import { numberAttribute, textAttribute } from './attributes.ts'
import { defineFamily, type Formula, formula, MOVES, type OperatorFacts, sameFor } from './family.ts'
import { isSpatial } from './input-use.ts'
import type { NodeContext } from './types.ts'
import { tensorBytes } from './work.ts'

/** 1 for nearest, which copies. */
function tapsPerDimension({ node }: NodeContext, otherwise: string): number | string {
  const mode = textAttribute(node, 'mode', otherwise)
  if (mode === 'nearest') return 1
  if (mode.endsWith('linear')) return 2
  return mode === 'cubic' || mode === 'bicubic' ? 4 : `its mode '${mode}' is not known`
}

const resize: Formula = formula([0], [0], ([x], [y], context) => {
  const taps = tapsPerDimension(context, 'nearest')
  if (typeof taps === 'string') return taps
  const antialias = numberAttribute(context.node, 'antialias', 0) === 1
  let perOutput = 1
  for (const [i, size] of x.shape.entries()) {
    if (size === y.shape[i]) continue
    // With antialias the window widens by the factor of shrinking.
    const widening = antialias ? Math.max(1, size / y.shape[i]!) : 1
    perOutput *= Math.ceil(taps * widening)
  }
  return {
    macs: taps === 1 || perOutput === 1 ? 0 : elementCount(y.shape) * perOutput,
    readBytes: { 0: sampledBytes(x, elementCount(y.shape) * perOutput) },
    movesDataOnly: taps === 1,
  }
})

/** Bytes read of `x`: all of them at most, fewer if fewer elements than it has are read. */
function sampledBytes(x: TensorType, samples: number): number {
  return Math.min(tensorBytes(x), sizeInBytes({ dtype: x.dtype, shape: [samples] })!)
}

/** Per sampled point and dimension: scale to pixels, floor, the two distances. */
const PLACE_OPS = 4

// x [N, C, D…], grid [N, D'…, r]: a point is placed once, and sampled in every channel
const gridSample: Formula = formula([0, 1], [0], ([x, grid], [y], context) => {
  const taps = tapsPerDimension(context, 'linear')
  if (typeof taps === 'string') return taps
  const perOutput = taps ** grid.shape.at(-1)!
  const outputs = elementCount(y.shape)
  return {
    macs: taps === 1 ? 0 : outputs * perOutput,
    simpleOps: elementCount(grid.shape) * PLACE_OPS,
    readBytes: { 0: sampledBytes(x, outputs * perOutput) },
  }
})

// theta [N, r, r + 1], size -> grid [N, D…, r]
const affineGrid: Formula = formula([0], [0], ([theta], [grid]) => ({ macs: elementCount(grid.shape) * theta.shape[2]! }))

const BILINEAR_MACS = 4
/** Samples per bin and dimension, where the operator is to choose by the region's size. */
const ADAPTIVE_SAMPLES = 2

// x [N, C, H, W], rois [R, 4], batch_indices [R] -> [R, C, h, w]: s * s bilinear samples per output, joined by mean or maximum
const roiAlign: Formula = formula([0, 1], [0], ([x], [y], { node }) => {
  const ratio = numberAttribute(node, 'sampling_ratio', 0)
  const perOutput = (ratio > 0 ? ratio : ADAPTIVE_SAMPLES) ** 2
  const samples = elementCount(y.shape) * perOutput
  return {
    macs: samples * BILINEAR_MACS,
    simpleOps: samples,
    specialOps: textAttribute(node, 'mode', 'avg') === 'avg' ? elementCount(y.shape) : 0,
    readBytes: { 0: sampledBytes(x, samples * BILINEAR_MACS) },
    ...(ratio > 0 ? {} : { note: 'sampling ratio chosen by each region, counted as 2' }),
  }
})

// x, rois, batch_indices, crop_size: one bilinear sample per output, or a copy
const cropAndResize: Formula = formula([0, 1], [0], ([x], [y], { node }) => {
  const taps = textAttribute(node, 'mode', 'bilinear') === 'nearest' ? 1 : BILINEAR_MACS
  const outputs = elementCount(y.shape)
  return { macs: taps === 1 ? 0 : outputs * taps, readBytes: { 0: sampledBytes(x, outputs * taps) } }
})

const facts: OperatorFacts = { reads: sameFor(['Resize', 'Upsample'], isSpatial), int8: { Resize: MOVES } }

export const resizeFamily = defineFamily('resize', facts, {
  ...sameFor(['Resize', 'Upsample', 'com.microsoft.nchwc:Upsample', 'com.ms.internal.nhwc:Resize'], resize),
  ...sameFor(['GridSample', 'com.microsoft:GridSample', 'com.ms.internal.nhwc:GridSample'], gridSample),
  AffineGrid: affineGrid,
  RoiAlign: roiAlign,
  'com.microsoft:CropAndResize': cropAndResize,
})
