// A convolution that computes a block of neighbouring positions at once: moved by `block` strides, its kernel holds the filter `block`
// times, each shifted by one more stride, and gives `block` times the channels. What that costs, and the weights of it.
import { elementCount } from '../dtype.ts'
import type { Size } from './sizes.ts'

/** How a convolution moves over its input, by spatial axis. `pads`: all begins, then all ends, as ONNX has them. */
export interface Window {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly pads: readonly number[]
}

export interface PositionBlock {
  /** Spatial axis along which positions are put together. */
  readonly axis: number
  readonly block: number
  /** Rows of the output along the axis, in blocks; the last block may reach past the end. */
  readonly rows: number
  readonly window: Window
  /** Lanes worked on, as share of those before. */
  readonly share: number
}

interface SpatialSizes {
  readonly input: readonly Size[]
  readonly output: readonly Size[]
}

/**
 * Every way to put positions together, least work first. `channels`: of the output. `input` and `output`: spatial sizes; an axis whose
 * sizes are not known has none. `lanes`: channels that a kernel works on at once, the missing ones as zeros.
 */
export function positionBlocks(window: Window, channels: number, sizes: SpatialSizes, lanes: number): readonly PositionBlock[] {
  const lanesOf = (number: number): number => Math.ceil(number / lanes) * lanes
  const most = Math.floor(lanes / channels)
  return window.kernel
    .flatMap((_, axis) => Array.from({ length: Math.max(0, most - 1) }, (_, k) => blockOf(window, axis, k + 2, sizes)))
    .flatMap((one) => one ?? [])
    .map(({ axis, block, rows, window: wide }) => {
      const taps = wide.kernel[axis]! / window.kernel[axis]!
      const share = (lanesOf(block * channels) * taps * rows) / (lanesOf(channels) * (sizes.output[axis] as number))
      return { axis, block, rows, window: wide, share }
    })
    .sort((a, b) => a.share - b.share)
}

function blockOf(window: Window, axis: number, block: number, { input, output }: SpatialSizes) {
  const [size, positions] = [input[axis], output[axis]]
  const [taps, stride, dilation] = [window.kernel[axis]!, window.strides[axis]!, window.dilations[axis]!]
  // Shifted by a stride, the filter must still be on the taps that are dilation apart.
  if (typeof size !== 'number' || typeof positions !== 'number' || positions < block || stride % dilation !== 0) return undefined
  const kernel = taps + ((block - 1) * stride) / dilation
  const rows = Math.ceil(positions / block)
  const begin = window.pads[axis]!
  const reach = (rows - 1) * block * stride + (kernel - 1) * dilation + 1
  const rank = window.kernel.length
  const pads = window.pads.map((pad, at) => (at === rank + axis ? Math.max(0, reach - size - begin) : pad))
  const set = (values: readonly number[], value: number) => values.map((one, at) => (at === axis ? value : one))
  const wide = { ...window, kernel: set(window.kernel, kernel), strides: set(window.strides, stride * block), pads }
  return { axis, block, rows, window: wide }
}

/** Weights [C, C_in, ...kernel] as [block * C, C_in, ...wide kernel]: channel `i * C + c` is filter `c`, shifted by `i` strides. */
export function spreadWeights(
  weights: Float32Array,
  shape: readonly number[],
  window: Window,
  { axis, block, window: wide }: PositionBlock,
): { readonly shape: readonly number[]; readonly values: Float32Array<ArrayBuffer> } {
  const [channels, inputs] = [shape[0]!, shape[1]!]
  // Of the kernel: what is before the axis, along it, behind it.
  const outer = channels * inputs * elementCount(window.kernel.slice(0, axis))
  const [taps, wideTaps] = [window.kernel[axis]!, wide.kernel[axis]!]
  const inner = elementCount(window.kernel.slice(axis + 1))
  const shift = window.strides[axis]! / window.dilations[axis]!
  const values = new Float32Array(block * outer * wideTaps * inner)
  for (let i = 0; i < block; i++) {
    for (let row = 0; row < outer; row++) {
      const from = row * taps * inner
      values.set(weights.subarray(from, from + taps * inner), ((i * outer + row) * wideTaps + i * shift) * inner)
    }
  }
  return { shape: [block * channels, inputs, ...wide.kernel], values }
}
