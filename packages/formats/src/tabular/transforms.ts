// What becomes of margins with most makers, in double, and the labels that follow.

import { range } from '@whyslow/graph/builder/range.ts'
import type { LabelRule, Transform } from '@whyslow/graph/forest/types.ts'

export const EXP: Transform = { kind: 'exp', precision: 'float64' }
export const PAIR: Transform = { kind: 'pair', precision: 'float64' }
export const SOFTMAX: Transform = { kind: 'softmax', precision: 'float64' }
export const logistic = (slope = 1): Transform => ({ kind: 'logistic', precision: 'float64', slope })

/** What an objective makes: numbers, one of two classes, or one of many. */
export type Classes = 'none' | 'two' | 'many'

/** As the makers' own predict has it: above one half, else the first of the largest. */
export function labelOf(classes: Classes, outputCount: number, from: LabelRule['from']): LabelRule | undefined {
  if (classes === 'two' && outputCount === 1) return { classes: [0, 1], from: 'prediction', by: 'above', cut: 0.5 }
  return classes === 'many' ? { classes: range(0, outputCount), from, by: 'largest', cut: 0 } : undefined
}
