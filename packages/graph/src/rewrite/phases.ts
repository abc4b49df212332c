// A transposed convolution of stride s gives s outputs for each input along an axis, each a filter of its own over the same few inputs:
// the phases. Together they are an ordinary convolution with a channel for each phase.
import type { NodeProto } from 'onnx-buf'
import { attributeOf, intsOf } from './match.ts'
import type { Size } from './sizes.ts'

/** How the phases along one axis lie over the input; right for every size of it. */
export interface Phases {
  readonly stride: number
  /** Taps of each phase's filter. */
  readonly taps: number
  /** Zeros around the input of the convolution. */
  readonly pads: readonly [number, number]
  /** Positions too many before and behind what was requested. */
  readonly cut: readonly [number, number]
  /** The tap of the transposed kernel that phase `r` has at place `t`; it may be outside the kernel. */
  readonly tapOf: (phase: number, place: number) => number
}

/** Along one axis, as ONNX has it. */
export interface TransposedWindow {
  readonly kernel: number
  readonly stride: number
  readonly pads: readonly [number, number]
  readonly outputPadding: number
}

/** The phases with the fewest taps, nothing cut where that is equal; undefined if the pads reach past the kernel. */
export function phasesOf(transposed: TransposedWindow): Phases | undefined {
  const ways = Array.from({ length: transposed.stride }, (_, before) => phasesFrom(transposed, before) ?? [])
  const cuts = ({ cut }: Phases): number => Number(cut[0] > 0) + Number(cut[1] > 0)
  return ways.flat().sort((a, b) => a.taps - b.taps || cuts(a) - cuts(b))[0]
}

/**
 * Output `o` is the sum over inputs `i` of x[i] * w[o + pad - i * stride]. With o = q * stride + r - before, input q - j meets tap
 * j * stride + r + pad - before, so that phase r is a filter over the inputs from q - last to q - first.
 */
function phasesFrom({ kernel, stride, pads, outputPadding }: TransposedWindow, before: number): Phases | undefined {
  const shift = pads[0] - before
  const first = -Math.floor((stride - 1 + shift) / stride)
  const last = Math.floor((kernel - 1 - shift) / stride)
  // The output is stride * (n - 1) + more long.
  const more = outputPadding + kernel - pads[0] - pads[1] + before
  const rest = Math.ceil(more / stride) - 1
  const end = rest - first
  if (last < 0 || end < 0 || first > last) return undefined
  return {
    stride,
    taps: last - first + 1,
    pads: [last, end],
    cut: [before, stride * (rest + 1) - more],
    tapOf: (phase, place) => (last - place) * stride + phase + shift,
  }
}

/**
 * The axes of a ConvTranspose with this kernel. `input`: spatial sizes, from which pads may follow; undefined if such a size is not known, or
 * the kernel is dilated.
 */
export function transposedAxes(
  node: NodeProto,
  kernel: readonly number[],
  input: readonly (Size | undefined)[],
): readonly TransposedWindow[] | undefined {
  if (intsOf(node, 'dilations')?.some((one) => one !== 1)) return undefined
  const auto = String(attributeOf(node, 'auto_pad') ?? 'NOTSET')
  const [strides, added, pads] = [intsOf(node, 'strides'), intsOf(node, 'output_padding'), intsOf(node, 'pads')]
  const wanted = intsOf(node, 'output_shape')?.slice(-kernel.length)
  const axes = kernel.map((taps, axis): TransposedWindow | undefined => {
    const [stride, outputPadding] = [strides?.[axis] ?? 1, added?.[axis] ?? 0]
    const one = { kernel: taps, stride, outputPadding }
    if (wanted === undefined && !auto.startsWith('SAME')) {
      const sides = auto === 'VALID' ? undefined : pads
      return { ...one, pads: [sides?.[axis] ?? 0, sides?.[axis + kernel.length] ?? 0] }
    }
    const size = input[axis]
    if (wanted !== undefined && typeof size !== 'number') return undefined
    // Positions more than the output has; without a wanted size it has at most `stride` for each of the input.
    const excess = outputPadding + taps - stride + (wanted === undefined ? 0 : stride * (size as number) - wanted[axis]!)
    const [less, more] = [Math.floor(Math.max(0, excess) / 2), Math.ceil(Math.max(0, excess) / 2)]
    const sides = auto === 'SAME_UPPER' ? ([less, more] as const) : ([more, less] as const)
    // The engine adds positions only to reach a wanted size.
    return { ...one, pads: sides, outputPadding: outputPadding + (wanted === undefined ? 0 : Math.max(0, -excess)) }
  })
  return axes.every((one) => one !== undefined) ? axes : undefined
}

/** Weights [C_in, C, ...kernel] as [phases * C, C_in, ...taps], the phases of the last axis next to each other. */
export function phaseWeights(
  weights: Float32Array,
  shape: readonly number[],
  axes: readonly Phases[],
): { readonly shape: readonly number[]; readonly values: Float32Array<ArrayBuffer> } {
  const [inputs, channels, ...kernel] = shape as [number, number, ...number[]]
  const product = (sizes: readonly number[]): number => sizes.reduce((all, one) => all * one, 1)
  const [strides, taps] = [axes.map(({ stride }) => stride), axes.map((one) => one.taps)]
  const [phases, places] = [product(strides), product(taps)]
  const values = new Float32Array(phases * channels * inputs * places)
  for (let phase = 0; phase < phases; phase++) {
    for (let place = 0; place < places; place++) {
      const [at, where] = [indexOf(phase, strides), indexOf(place, taps)]
      const tap = axes.map(({ tapOf }, axis) => tapOf(at[axis]!, where[axis]!))
      if (tap.some((one, axis) => one < 0 || one >= kernel[axis]!)) continue
      const from = tap.reduce((all, one, axis) => all * kernel[axis]! + one, 0)
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < inputs; i++) {
          const row = (phase * channels + c) * inputs + i
          values[row * places + place] = weights[(i * channels + c) * product(kernel) + from]!
        }
      }
    }
  }
  return { shape: [phases * channels, inputs, ...taps], values }
}

/** Index along each axis; the last axis varies fastest. */
function indexOf(flat: number, sizes: readonly number[]): number[] {
  let rest = flat
  const index = sizes.toReversed().map((size) => {
    const one = rest % size
    rest = (rest - one) / size
    return one
  })
  return index.reverse()
}
