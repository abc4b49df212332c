// Five kernels in WebAssembly with SIMD, where a loop of JavaScript, which V8 does not vectorize, is slower than the memory: bytes of an image to
// the tensor of a network, bytes and float arrays times a factor plus another, channels last to channels first and back. Their arrays are in the module's own memory: what is decoded straight into
// `input` is not copied. Sums are fused in single precision, so that results are equal to the plain loop's up to rounding.

import { encodeModule, PAGE_BYTES, type WasmFunction } from '../wasm/bytes.ts'
import {
  add4,
  advance,
  type Code,
  constant,
  f4FromI32,
  f32Add,
  f32FromI32,
  f32Load,
  f32Mul,
  f32Store,
  get,
  i32Load8,
  load,
  loopWhileBelow,
  mul4,
  set,
  shuffle4,
  splatF32,
  store,
  swizzle,
  widenHigh8,
  widenHigh16,
  widenLow8,
  widenLow16,
} from './assembler.ts'
import type { Normalization, PictureSize } from './plain.ts'

/** As much of it as is used: its types come with a page's, and those are not Node's. */
interface Assembly {
  validate(bytes: Uint8Array): boolean
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: Assembly }

/** Whether this runtime has WebAssembly with SIMD. */
export const hasSimd = (): boolean => WebAssembly.validate(moduleBytes())

const VECTOR_BYTES = 16

/** out[k] = in[k] * factor + offset. Locals: 0 in, 1 out, 2 end of whole vectors of in, 3 end, 4 factor, 5 offset, 6 and 7 the same as vectors. */
const affineFunction: WasmFunction = {
  exportedAs: 'affine',
  results: [],
  params: ['i32', 'i32', 'i32', 'i32', 'f32', 'f32'],
  locals: ['v128', 'v128'],
  body: [
    ...[...get(4), ...splatF32, ...set(6), ...get(5), ...splatF32, ...set(7)],
    ...loopWhileBelow(0, 2, [
      ...[...get(1), ...get(0), ...load(), ...get(6), ...mul4, ...get(7), ...add4, ...store()],
      ...[...get(1), ...get(0), ...load(16), ...get(6), ...mul4, ...get(7), ...add4, ...store(16)],
      ...advance(0, 32),
      ...advance(1, 32),
    ]),
    ...loopWhileBelow(0, 3, [
      ...[...get(1), ...get(0), ...f32Load(), ...get(4), ...f32Mul, ...get(5), ...f32Add, ...f32Store()],
      ...advance(0, 4),
      ...advance(1, 4),
    ]),
  ],
}

/** Lanes that pick one channel from the bytes of four pixels, each into the lowest of four bytes; a place beyond 15 gives 0. */
const lanesOf = (channel: number): number[] => [0, 1, 2, 3].flatMap((pixel) => [3 * pixel + channel, 255, 255, 255])

/** Parameters: 0 in, 1 to 3 where each channel goes, 4 end of whole steps, 5 end, 6 to 8 factors, 9 to 11 offsets. Reads four bytes too far. */
const tensorFunction: WasmFunction = {
  exportedAs: 'tensor',
  results: [],
  params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'f32', 'f32', 'f32', 'f32', 'f32', 'f32'],
  // 12 factors, 15 offsets, 18 lanes by channel; 21 four pixels.
  locals: ['v128', 'v128', 'v128', 'v128', 'v128', 'v128', 'v128', 'v128', 'v128', 'v128'],
  body: [
    ...[0, 1, 2].flatMap((c) => [
      ...[...get(6 + c), ...splatF32, ...set(12 + c), ...get(9 + c), ...splatF32, ...set(15 + c)],
      ...[...constant(lanesOf(c)), ...set(18 + c)],
    ]),
    ...loopWhileBelow(0, 4, [
      ...[0, 1, 2, 3].flatMap(fourPixels),
      ...advance(0, 48),
      ...[1, 2, 3].flatMap((out) => advance(out, 64)),
    ]),
    ...loopWhileBelow(0, 5, [
      ...[0, 1, 2].flatMap((c) => [
        ...[
          ...get(1 + c),
          ...get(0),
          ...i32Load8(c),
          ...f32FromI32,
          ...get(6 + c),
          ...f32Mul,
          ...get(9 + c),
          ...f32Add,
          ...f32Store(),
        ],
        ...advance(1 + c, 4),
      ]),
      ...advance(0, 3),
    ]),
  ],
}

function fourPixels(quarter: number): Code {
  const channels = [0, 1, 2].flatMap((c) => [
    ...[...get(1 + c), ...get(21), ...get(18 + c), ...swizzle, ...f4FromI32],
    ...[...get(12 + c), ...mul4, ...get(15 + c), ...add4, ...store(16 * quarter)],
  ])
  return [...get(0), ...load(12 * quarter), ...set(21), ...channels]
}

/** out[k] = byte[k] * factor + offset. Locals as of `affine`; 8 sixteen bytes. */
const bytesFunction: WasmFunction = {
  exportedAs: 'bytes',
  results: [],
  params: ['i32', 'i32', 'i32', 'i32', 'f32', 'f32'],
  locals: ['v128', 'v128', 'v128'],
  body: [
    ...[...get(4), ...splatF32, ...set(6), ...get(5), ...splatF32, ...set(7)],
    ...loopWhileBelow(0, 2, [
      ...[...get(0), ...load(), ...set(8)],
      ...[widenLow8, widenHigh8].flatMap((half, h) =>
        [widenLow16, widenHigh16].flatMap((quarter, q) => [
          ...[
            ...get(1),
            ...get(8),
            ...half,
            ...quarter,
            ...f4FromI32,
            ...get(6),
            ...mul4,
            ...get(7),
            ...add4,
            ...store(32 * h + 16 * q),
          ],
        ]),
      ),
      ...advance(0, 16),
      ...advance(1, 64),
    ]),
    ...loopWhileBelow(0, 3, [
      ...[...get(1), ...get(0), ...i32Load8(), ...f32FromI32, ...get(4), ...f32Mul, ...get(5), ...f32Add, ...f32Store()],
      ...advance(0, 1),
      ...advance(1, 4),
    ]),
  ],
}

/** Where four pixels of three channels, in three vectors, have the four values of each: of the first two, then of what that gives and the third. */
const LANES = [
  { first: [0, 3, 6, 0], second: [0, 1, 2, 5] },
  { first: [1, 4, 7, 0], second: [0, 1, 2, 6] },
  { first: [2, 5, 0, 0], second: [0, 1, 4, 7] },
] as const

/** Parameters: 0 in, 1 to 3 where each channel goes, 4 end of whole steps of in, 5 end. Locals: 6 to 8 four pixels. */
const layoutFunction: WasmFunction = {
  exportedAs: 'layout',
  results: [],
  params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  locals: ['v128', 'v128', 'v128'],
  body: [
    ...loopWhileBelow(0, 4, [
      ...[0, 1, 2].flatMap((part) => [...get(0), ...load(16 * part), ...set(6 + part)]),
      ...LANES.flatMap(({ first, second }, c) => [
        ...[...get(1 + c), ...get(6), ...get(7), ...shuffle4(first), ...get(8), ...shuffle4(second), ...store()],
        ...advance(1 + c, 16),
      ]),
      ...advance(0, 48),
    ]),
    ...loopWhileBelow(0, 5, [
      ...[0, 1, 2].flatMap((c) => [...get(1 + c), ...get(0), ...f32Load(4 * c), ...f32Store(), ...advance(1 + c, 4)]),
      ...advance(0, 12),
    ]),
  ],
}

/** The way back: four pixels of three channels, taken two and two, which one instruction can, ... */
const PAIRS = [
  { of: [6, 7], lanes: [0, 2, 4, 6] },
  { of: [7, 8], lanes: [1, 3, 5, 7] },
  { of: [8, 6], lanes: [0, 2, 5, 7] },
] as const
/** ... and from those pairs the twelve values one after another. */
const PIXELS_OF_PAIRS = [
  { of: [9, 11], lanes: [0, 2, 4, 6] },
  { of: [10, 9], lanes: [0, 2, 5, 7] },
  { of: [11, 10], lanes: [1, 3, 5, 7] },
] as const

/** Parameters: 0 to 2 where each channel is, 3 out, 4 end of whole steps of the first channel, 5 its end. Locals: 6 to 8 four pixels of each, 9 to 11 pairs. */
const pixelsFunction: WasmFunction = {
  exportedAs: 'pixels',
  results: [],
  params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  locals: ['v128', 'v128', 'v128', 'v128', 'v128', 'v128'],
  body: [
    ...loopWhileBelow(0, 4, [
      ...[0, 1, 2].flatMap((c) => [...get(c), ...load(), ...set(6 + c)]),
      ...PAIRS.flatMap(({ of, lanes }, k) => [...get(of[0]), ...get(of[1]), ...shuffle4(lanes), ...set(9 + k)]),
      ...PIXELS_OF_PAIRS.flatMap(({ of, lanes }, part) => [
        ...[...get(3), ...get(of[0]), ...get(of[1]), ...shuffle4(lanes), ...store(16 * part)],
      ]),
      ...[0, 1, 2].flatMap((c) => advance(c, 16)),
      ...advance(3, 48),
    ]),
    ...loopWhileBelow(0, 5, [
      ...[0, 1, 2].flatMap((c) => [...get(3), ...get(c), ...f32Load(), ...f32Store(4 * c)]),
      ...[0, 1, 2].flatMap((c) => advance(c, 4)),
      ...advance(3, 12),
    ]),
  ],
}

const FUNCTIONS = [affineFunction, tensorFunction, bytesFunction, layoutFunction, pixelsFunction]

const moduleBytes = () => encodeModule({ functions: FUNCTIONS, memoryBytes: null, data: [] })

function open(bytes: number) {
  const memory = new WebAssembly.Memory({ initial: Math.ceil((bytes + VECTOR_BYTES) / PAGE_BYTES) })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()), { host: { memory } })
  return {
    memory,
    run: instance.exports as Record<'affine' | 'tensor' | 'bytes' | 'layout' | 'pixels', (...given: number[]) => void>,
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / VECTOR_BYTES) * VECTOR_BYTES

export interface TensorKernel {
  /** Bytes of the image, channels last: decode into it. */
  readonly input: Uint8Array
  /** The tensor, channels first; overwritten by the next run. */
  readonly output: Float32Array
  run(): Float32Array
}

/** toTensor of images of one size with three channels. Throws if there is no SIMD. */
export function tensorKernel({ height, width, channels }: PictureSize, { mean, std, scale = 1 }: Normalization): TensorKernel {
  if (channels !== 3 || mean.length !== 3 || std.length !== 3)
    throw new RangeError('only images with three channels are supported')
  const pixels = height * width
  const outAt = aligned(pixels * 3)
  const { memory, run } = open(outAt + pixels * 12)
  const factors = std.map((one) => scale / one)
  const offsets = mean.map((one, c) => -one / std[c]!)
  const input = new Uint8Array(memory.buffer, 0, pixels * 3)
  const output = new Float32Array(memory.buffer, outAt, pixels * 3)
  const whole = Math.floor(pixels / 16) * 48
  const outs = [0, 1, 2].map((c) => outAt + c * pixels * 4)
  return {
    input,
    output,
    run() {
      run.tensor(0, ...outs, whole, pixels * 3, ...factors, ...offsets)
      return output
    },
  }
}

export interface LayoutKernel {
  /** The image: write into it. */
  readonly input: Float32Array
  /** The result in the other layout; overwritten by the next run. */
  readonly output: Float32Array
  run(): Float32Array
}

/** hwcToChw (to 'chw') or chwToHwc (to 'hwc') of images of one size with three channels: the same bits. Throws if there is no SIMD. */
export function layoutKernel({ height, width, channels }: PictureSize, to: 'chw' | 'hwc' = 'chw'): LayoutKernel {
  if (channels !== 3) throw new RangeError('only images with three channels are supported')
  const pixels = height * width
  const outAt = aligned(pixels * 12)
  const { memory, run } = open(outAt + pixels * 12)
  const input = new Float32Array(memory.buffer, 0, pixels * 3)
  const output = new Float32Array(memory.buffer, outAt, pixels * 3)
  const planes = [0, 1, 2].map((c) => c * pixels * 4)
  const outs = planes.map((plane) => outAt + plane)
  const whole = Math.floor(pixels / 4)
  return {
    input,
    output,
    run() {
      if (to === 'chw') run.layout(0, ...outs, whole * 48, pixels * 12)
      else run.pixels(...planes, outAt, whole * 16, pixels * 4)
      return output
    },
  }
}

export interface AffineKernel {
  readonly input: Float32Array
  readonly output: Float32Array
  /** output = input * factor + offset */
  run(factor: number, offset: number): Float32Array
}

/** For arrays of one length. Throws if there is no SIMD. */
export function affineKernel(length: number): AffineKernel {
  const outAt = aligned(length * 4)
  const { memory, run } = open(outAt + length * 4)
  const input = new Float32Array(memory.buffer, 0, length)
  const output = new Float32Array(memory.buffer, outAt, length)
  const whole = Math.floor(length / 8) * 32
  return {
    input,
    output,
    run(factor, offset) {
      run.affine(0, outAt, whole, length * 4, factor, offset)
      return output
    },
  }
}

export interface BytesKernel {
  readonly input: Uint8Array
  readonly output: Float32Array
  /** output = input * factor + offset; of 1 / 255 and 0, floats of 0..1. */
  run(factor: number, offset: number): Float32Array
}

/** For bytes of one length. Throws if there is no SIMD. */
export function bytesKernel(length: number): BytesKernel {
  const outAt = aligned(length)
  const { memory, run } = open(outAt + length * 4)
  const input = new Uint8Array(memory.buffer, 0, length)
  const output = new Float32Array(memory.buffer, outAt, length)
  return {
    input,
    output,
    run(factor, offset) {
      run.bytes(0, outAt, Math.floor(length / 16) * 16, length, factor, offset)
      return output
    },
  }
}
