// Why no layer is chosen, with the times of operators alone: none is faster, or those that are gain less than it costs to come to them.
import type { PrecisionMethod } from '../../remedies/kit/remedy.ts'
import type { Precision, Quantizable } from '../write/choice.ts'
import type { OperatorBenchmark } from './operator-benchmark.ts'

interface Timed {
  readonly opType: string
  readonly floatMs: number
  readonly otherMs: number
}

const WORDS: Readonly<Record<PrecisionMethod, string>> = {
  static: 'in int8',
  dynamic: 'in dynamic int8',
  weights: 'with fewer bits of weights',
}

export function whyNone(
  method: PrecisionMethod,
  precisions: readonly Precision[],
  nodes: readonly Quantizable[],
  { times }: Pick<OperatorBenchmark, 'times'>,
): string {
  const timed = nodes.flatMap(({ node, opType, movesData }): Timed[] => {
    const { floatMs, other } = times.get(node) ?? {}
    const known = precisions.flatMap((one) => (typeof other?.[one] === 'number' ? [other[one]] : []))
    if (typeof floatMs !== 'number' || known.length === 0 || movesData) return []
    return [{ opType, floatMs, otherMs: Math.min(...known) }]
  })
  const [best] = timed.toSorted((a, b) => a.otherMs / a.floatMs - b.otherMs / b.floatMs)
  if (best === undefined) return 'no operator is faster so'
  const figures = `${best.opType} takes ${ms(best.otherMs)} ${WORDS[method]} and ${ms(best.floatMs)} as float`
  if (best.otherMs >= best.floatMs) return `no operator is faster so: the best of ${timed.length}, ${figures}`
  // What gains so gains more in dynamic int8.
  if (method === 'weights') return 'no operator is faster so'
  const gainMs = timed.reduce((sum, { floatMs, otherMs }) => sum + Math.max(0, floatMs - otherMs), 0)
  return `no region is faster so with its conversions: all operators that are faster would save ${ms(gainMs)} together; the best, ${figures}`
}

const ms = (value: number): string => `${Number(Math.max(0, value).toPrecision(2))} ms`
