import { expect, test } from 'vitest'
import { exampleForest, exampleTabular } from '../../test/support/forest/example-forest.ts'
import { metricUnder } from './metric.ts'
import type { LabelRule, Transform } from './types.ts'

const LOGISTIC: Transform = { kind: 'logistic', precision: 'float32', slope: 1 }
const of = (outputCount: number, transform: readonly Transform[], label?: LabelRule) => ({
  ...exampleTabular(exampleForest([], { outputCount })),
  transform,
  ...(label === undefined ? {} : { label }),
})
const label: LabelRule = { classes: [0, 1], from: 'margin', by: 'above', cut: 0 }

test.each([
  ['two classes and one score', of(1, [LOGISTIC], label), [0, 1, 1], 'AUC'],
  ['probabilities of two classes that nothing names', of(1, [LOGISTIC]), [0, 1, 1], 'AUC'],
  ['graded labels of reg:logistic', of(1, [LOGISTIC]), [0, 0.25, 1], 'R²'],
  ['values', of(1, []), [0, 1, 1], 'R²'],
  ['three classes of which two are there', of(3, [], { ...label, classes: [0, 1, 2] }), [0, 1, 1], 'accuracy'],
  ['more classes than two', of(1, [], label), [0, 1, 2], 'accuracy'],
] as const)('%s', (_, model, labels, metric) => {
  expect(metricUnder(model, Float64Array.from(labels))).toBe(metric)
})
