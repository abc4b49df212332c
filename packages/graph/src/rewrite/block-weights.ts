// Weights in 4 or 8 bits with a scale per block of inputs, as MatMulNBits takes them: the matrix turned to [N, K], cut into blocks
// along K, two 4-bit codes in a byte with the first in the low half. Bit for bit as the engine's own quantizer:
// https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/mlas/lib/q4_dq.cpp
// Symmetric blocks lay their number of largest size, with its sign, on the lowest code, which has no counterpart above: all codes are
// used, and scales can be negative.
import { sqnrDb, transposeMatrix } from './matrices.ts'

export interface BlockLayout {
  readonly bits: 4 | 8
  readonly blockSize: number
  /** False: each block has a zero point of its own. */
  readonly symmetric: boolean
  /** Each block takes the scale of several that leaves the least squared error, in place of that of its largest number. */
  readonly search?: boolean
}

export interface BlockWeights {
  /** Inputs. */
  readonly k: number
  /** Outputs. */
  readonly n: number
  readonly blocks: number
  /** [N, blocks, blockSize * bits / 8]; codes that pad the last block are 0. */
  readonly packed: Uint8Array<ArrayBuffer>
  /** [N, blocks] */
  readonly scales: Float32Array<ArrayBuffer>
  /** [N, ceil(blocks * bits / 8)], padded with the middle code; null for symmetric blocks, whose zero point that is. */
  readonly zeroPoints: Uint8Array<ArrayBuffer> | null
  /** Signal to quantization noise, dB. */
  readonly sqnrDb: number
}

/** `values` are [K, N], or [N, K] where `turned`. Undefined if they hold NaN or infinity. */
export function quantizeBlocks(
  values: Float32Array,
  { k, n, turned }: { readonly k: number; readonly n: number; readonly turned: boolean },
  { bits, blockSize, symmetric, search = false }: BlockLayout,
): BlockWeights | undefined {
  const rows = turned ? values : transposeMatrix(values, k, n)
  const blocks = Math.ceil(k / blockSize)
  const most = 2 ** bits - 1
  const middle = 2 ** (bits - 1)
  const codesPerByte = 8 / bits
  const bytesPerRow = (blocks * blockSize) / codesPerByte
  const pointBytes = Math.ceil(blocks / codesPerByte)
  const packed = new Uint8Array(n * bytesPerRow)
  const scales = new Float32Array(n * blocks)
  const zeroPoints = symmetric ? null : new Uint8Array(n * pointBytes)
  const padded = blocks % codesPerByte !== 0
  let [signal, noise] = [0, 0]
  for (let row = 0; row < n; row++) {
    if (zeroPoints !== null && padded) zeroPoints[(row + 1) * pointBytes - 1] = middle << bits
    for (let block = 0; block < blocks; block++) {
      const from = row * k + block * blockSize
      const to = Math.min((row + 1) * k, from + blockSize)
      let [low, high, check] = [rows[from]!, rows[from]!, 0]
      for (let at = from; at < to; at++) {
        const value = rows[at]!
        check += value - value
        if (value < low) low = value
        if (value > high) high = value
      }
      if (check !== 0) return undefined
      const first = symmetric ? signedMaximum(low, high, middle) : widened(low, high, most)
      const { scale, zeroPoint } = search ? closest(first, rows.subarray(from, to), { low, high, most, symmetric }) : first
      scales[row * blocks + block] = scale
      if (zeroPoints !== null)
        zeroPoints[row * pointBytes + Math.floor(block / codesPerByte)]! |= zeroPoint << ((block * bits) % 8)
      const inverse = scale === 0 ? 0 : Math.fround(1 / scale)
      for (let at = from; at < to; at++) {
        const value = rows[at]!
        // In float32, and halves away from 0, as the engine does it; below 0 all is clipped.
        const code = Math.floor(Math.fround(Math.fround(value * inverse) + zeroPoint) + 0.5)
        const clipped = Math.max(0, Math.min(code, most))
        const place = at - from + block * blockSize
        packed[row * bytesPerRow + Math.floor(place / codesPerByte)]! |= clipped << ((place * bits) % 8)
        const error = value - scale * (clipped - zeroPoint)
        signal += value * value
        noise += error * error
      }
    }
  }
  return { k, n, blocks, packed, scales, zeroPoints, sqnrDb: sqnrDb(signal, noise) }
}

interface BlockAffine {
  readonly scale: number
  readonly zeroPoint: number
}

/** The number of largest size on code 0; of two of equal size the lower one. */
function signedMaximum(low: number, high: number, middle: number): BlockAffine {
  const largest = Math.abs(high) > Math.abs(low) ? high : low
  return { scale: usable(Math.fround(-largest / middle)), zeroPoint: middle }
}

function widened(low: number, high: number, most: number): BlockAffine {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)]
  const difference = Math.fround(to - from)
  const scale = usable(Math.fround((Number.isFinite(difference) ? difference : to - from) / most))
  if (scale === 0) return { scale, zeroPoint: 0 }
  const point = Math.fround(-Math.fround(from / scale))
  return { scale, zeroPoint: Math.min(most, Math.max(0, Math.floor(point + 0.5))) }
}

/** The range of codes as parts of the block's range: what is outside is clipped, and all else is nearer to its code. */
const SHRUNK = [1.1, 1.05, 1, 0.96, 0.92, 0.88, 0.84, 0.8]

/** Tries some scales around the first, each moved to where its codes fit best: the one with the least squared error, or the first. */
function closest(
  first: BlockAffine,
  values: Float32Array,
  {
    low,
    high,
    most,
    symmetric,
  }: { readonly low: number; readonly high: number; readonly most: number; readonly symmetric: boolean },
): BlockAffine {
  let [best, least] = [first, errorOf(first, values, most)]
  for (const part of SHRUNK) {
    const shrunk = symmetric
      ? { scale: usable(Math.fround(first.scale * part)), zeroPoint: first.zeroPoint }
      : widened(low * part, high * part, most)
    const fitted = { scale: usable(Math.fround(fittedScale(shrunk, values, most))), zeroPoint: shrunk.zeroPoint }
    const error = errorOf(fitted, values, most)
    if (error < least) [best, least] = [fitted, error]
  }
  return best
}

/** The scale that leaves the least squared error with the codes that the values have by this one. */
function fittedScale({ scale, zeroPoint }: BlockAffine, values: Float32Array, most: number): number {
  const inverse = scale === 0 ? 0 : 1 / scale
  let [products, squares] = [0, 0]
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!
    let code = Math.floor(value * inverse + zeroPoint + 0.5)
    if (code < 0) code = 0
    else if (code > most) code = most
    const step = code - zeroPoint
    products += value * step
    squares += step * step
  }
  return squares === 0 ? 0 : products / squares
}

function errorOf({ scale, zeroPoint }: BlockAffine, values: Float32Array, most: number): number {
  const inverse = scale === 0 ? 0 : 1 / scale
  let error = 0
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!
    let code = Math.floor(value * inverse + zeroPoint + 0.5)
    if (code < 0) code = 0
    else if (code > most) code = most
    const off = value - scale * (code - zeroPoint)
    error += off * off
  }
  return error
}

/** 0 if there is no finite inverse: such a block is 0, as far as float32 can tell. */
function usable(scale: number): number {
  return Number.isFinite(Math.fround(1 / scale)) ? scale : 0
}

/** Blocks as a file holds them. */
export interface StoredLayout {
  readonly bits: number
  readonly blockSize: number
}

export interface StoredBlocks extends Pick<BlockWeights, 'k' | 'n' | 'blocks'> {
  readonly packed: Uint8Array
  readonly scales: ArrayLike<number>
  readonly zeroPoints: Uint8Array | null
}

/** The weights back as numbers, [N, K]. */
export function realBlocks({ k, n, blocks, packed, scales, zeroPoints }: StoredBlocks, { bits, blockSize }: StoredLayout) {
  const [most, middle, codesPerByte] = [2 ** bits - 1, 2 ** (bits - 1), 8 / bits]
  const codeAt = (bytes: Uint8Array, start: number, place: number) =>
    (bytes[start + Math.floor(place / codesPerByte)]! >> ((place * bits) % 8)) & most
  const values = new Float32Array(n * k)
  for (let row = 0; row < n; row++) {
    for (let at = 0; at < k; at++) {
      const block = Math.floor(at / blockSize)
      const point = zeroPoints === null ? middle : codeAt(zeroPoints, row * Math.ceil(blocks / codesPerByte), block)
      const code = codeAt(packed, (row * blocks * blockSize) / codesPerByte, at)
      values[row * k + at] = scales[row * blocks + block]! * (code - point)
    }
  }
  return values
}
