// What tensors that go as text cost the server in addition to the prediction.
import type { LoadPoint } from '@whyslow/report/documents/load.ts'
import { partOf } from './facts.ts'

/** Time on the main thread, where it holds up everybody. */
const LEAST_MS = 0.5

export interface TextCost {
  /** Means, ms. */
  readonly parse: number
  readonly serialize: number
  readonly compute: number
  /** As long as the prediction, and worth a reader's time. */
  readonly isMuch: boolean
}

/** null: the server does not report it. */
export function textCost(point: LoadPoint): TextCost | null {
  const [parse, serialize, compute] = (['parse', 'serialize', 'compute'] as const).map((name) => partOf(point, name)?.meanMs)
  if (parse === undefined || serialize === undefined || compute === undefined) return null
  return { parse, serialize, compute, isMuch: parse + serialize >= Math.max(LEAST_MS, compute) }
}
