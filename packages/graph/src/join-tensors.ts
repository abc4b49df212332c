// Tensors one behind the other: requests as one batch, samples as a larger one, arrays of files that today's have in one.
import { elementCount } from './dtype.ts'

interface Tensor {
  readonly shape: readonly number[]
  /** A typed array, or a list of strings. */
  readonly data: unknown
}

/** Tensors of one type joined along `axis`; their other dimensions are equal. */
export function joinTensors<T extends Tensor>(parts: readonly T[], axis = 0): T {
  const [first] = parts as readonly [T]
  const size = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0)
  const shape = first.shape.map((dimension, k) => (k === axis ? size : dimension))
  const rows = elementCount(shape.slice(0, axis))
  const sources = parts.map(({ data }) => ({ data: data as Float32Array, width: rows === 0 ? 0 : (data as []).length / rows }))
  if (Array.isArray(first.data)) {
    const texts = (row: number) => sources.flatMap(({ data, width }) => [...data.slice(row * width, (row + 1) * width)])
    return { ...first, shape, data: Array.from({ length: rows }, (_, row) => texts(row)).flat() }
  }
  // Every typed array has `set` and `subarray`; which one it is does not matter here.
  const Typed = (first.data as Float32Array).constructor as new (length: number) => Float32Array
  const data = new Typed(rows * sources.reduce((sum, { width }) => sum + width, 0))
  let at = 0
  for (let row = 0; row < rows; row++) {
    for (const { data: source, width } of sources) {
      data.set(rows === 1 ? source : source.subarray(row * width, (row + 1) * width), at)
      at += width
    }
  }
  return { ...first, shape, data }
}
