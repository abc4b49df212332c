// Features as linear models and networks want them: what is missing is the mean, then zero mean and unit spread.
import type { Preparation } from '@whyslow/graph/forest/types.ts'
import type { Lessons } from './lessons.ts'

export interface Standardization {
  readonly prepare: readonly Preparation[]
  /** Rows × features, prepared. */
  readonly rows: Float64Array
}

export function standardize({ teacher: { input }, rows, count }: Lessons): Standardization {
  const { featureCount: width, dtype } = input
  const round = dtype === 'float32' ? Math.fround : (value: number) => value
  const offset = new Float64Array(width)
  const factor = new Float64Array(width)
  for (let f = 0; f < width; f++) {
    let [n, sum, squares] = [0, 0, 0]
    for (let r = 0; r < count; r++) {
      const x = rows[r * width + f]!
      if (!Number.isFinite(x)) continue
      n++
      sum += x
      squares += x * x
    }
    const mean = n === 0 ? 0 : sum / n
    const spread = n === 0 ? 0 : Math.sqrt(Math.max(0, squares / n - mean * mean))
    offset[f] = round(mean)
    factor[f] = round(spread > 0 ? 1 / spread : 0)
  }
  const prepare: readonly Preparation[] = [
    { kind: 'impute', missing: Number.NaN, values: offset },
    { kind: 'scale', form: 'subtract-multiply', precision: dtype, offset, factor },
  ]
  const prepared = Float64Array.from({ length: count * width }, (_, at) => {
    const f = at % width
    const x = rows[at]!
    return Number.isFinite(x) ? round(round(x - offset[f]!) * factor[f]!) : 0
  })
  return { prepare, rows: prepared }
}
