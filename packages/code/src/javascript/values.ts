// What a JavaScript value is, as far as looking at it costs nothing.
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { ValueFact } from '../facts.ts'
import { dtypeOf } from '../turns/encode-value.ts'

/** Items of a list that are looked at to tell what it holds. */
const LOOKED_AT = 16

const NOTHING: ValueFact = {
  kind: 'nothing',
  dtype: null,
  shape: null,
  length: null,
  bytes: null,
  contiguous: null,
  device: null,
}

/** Never throws: a value may be a trap. */
export function valueFact(value: unknown): ValueFact {
  try {
    return factOf(value)
  } catch {
    return { ...NOTHING, kind: 'object' }
  }
}

function factOf(value: unknown): ValueFact {
  if (value === undefined || value === null) return NOTHING
  if (typeof value === 'string') return { ...NOTHING, kind: 'string', length: value.length, bytes: value.length }
  if (typeof value === 'number' || typeof value === 'bigint') return { ...NOTHING, kind: 'number', dtype: typeof value }
  if (typeof value !== 'object') return { ...NOTHING, kind: 'object' }
  if (Array.isArray(value)) return arrayFact(value)
  if (ArrayBuffer.isView(value)) {
    const { length, byteLength } = value as Float32Array
    return {
      ...NOTHING,
      kind: 'typed-array',
      dtype: dtypeOf(value) ?? null,
      shape: [length],
      length,
      bytes: byteLength,
      contiguous: true,
    }
  }
  return tensorFact(value as Tensor) ?? { ...NOTHING, kind: 'object', length: Object.keys(value).length }
}

function arrayFact(value: readonly unknown[]): ValueFact {
  const shape: number[] = []
  let inner: unknown = value
  while (Array.isArray(inner) && shape.length < 8) {
    shape.push(inner.length)
    inner = inner[0]
  }
  const looked = value.slice(0, LOOKED_AT)
  const isNumbers =
    shape.length > 1 ? typeof inner === 'number' : looked.length > 0 && looked.every((one) => typeof one === 'number')
  const length = elementCount(shape)
  return { ...NOTHING, kind: 'array', dtype: isNumbers ? 'number' : 'mixed', shape, length, bytes: null, ...textsOf(value) }
}

/** More texts than these are not measured. */
const MOST_TEXTS = 4096
/** Small enough for texts of about one length, and large enough for the engine to gain from it. */
const SORTED_BATCH = 8

function textsOf(value: readonly unknown[]): Pick<ValueFact, 'texts'> {
  if (value.length < 2 || value.length > MOST_TEXTS || !value.every((one) => typeof one === 'string')) return {}
  const lengths = value.map((text) => text.length)
  const mean = (of: readonly number[]) => of.reduce((sum, length) => sum + length, 0) / of.length
  const ascending = lengths.toSorted((a, b) => a - b)
  const sorted = ascending.map((_, at) => ascending[Math.min(ascending.length, at - (at % SORTED_BATCH) + SORTED_BATCH) - 1]!)
  return { texts: { mean: mean(lengths), longest: ascending.at(-1)!, sorted: mean(sorted) } }
}

interface Tensor {
  readonly dims?: unknown
  readonly shape?: unknown
  readonly type?: unknown
  readonly dtype?: unknown
  readonly location?: unknown
}

/** onnxruntime's has dims and type, tfjs's shape and dtype. */
function tensorFact({ dims, shape = dims, type, dtype = type, location }: Tensor): ValueFact | null {
  if (!Array.isArray(shape) || typeof dtype !== 'string' || !shape.every((size) => typeof size === 'number')) return null
  const length = elementCount(shape as number[])
  const device = typeof location === 'string' ? location : 'cpu'
  return { ...NOTHING, kind: 'tensor', dtype, shape: shape as number[], length, contiguous: true, device }
}
