// What tensors that go as text cost the server beside the prediction.
import type { LoadPoint } from '../report/documents/load.ts'
import { partOf } from './facts.ts'
import type { LoadEvidence } from './rule.ts'

/** On the main thread, where it holds up everybody. */
const LEAST_MS = 0.5

export interface TextCost {
  readonly point: LoadPoint
  /** Means, ms. */
  readonly parse: number
  readonly serialize: number
  readonly compute: number
}

/** At the highest rate that the server keeps up with; null: tensors are raw, text costs less than the prediction, or the server does not tell. */
export function textCost({ asked, target }: Pick<LoadEvidence, 'asked' | 'target'>): TextCost | null {
  if (target.inputs?.binary === true) return null
  const point = asked.findLast(({ saturated, parts }) => !saturated && parts !== null)
  if (point === undefined) return null
  const [parse, serialize, compute] = (['parse', 'serialize', 'compute'] as const).map((name) => partOf(point, name)?.meanMs)
  if (parse === undefined || serialize === undefined || compute === undefined) return null
  return parse + serialize < Math.max(LEAST_MS, compute) ? null : { point, parse, serialize, compute }
}
