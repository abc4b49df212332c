// XGBoost's objectives: what becomes of the margin, and how base_score, which stands in the file as an output, becomes a margin again.
// All arithmetic is float32. src/objective/*.cc, src/common/math.h

import type { Transform } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Classes } from '../tabular/transforms.ts'

export interface Objective {
  /** Margin from one value of base_score; `before`: the value before it, undefined for the first. */
  toMargin(baseScore: number, before?: number): number
  readonly transform: readonly Transform[]
  /** Whether it tells classes, and how. */
  readonly classes: Classes
}

const { fround } = Math
const same = (value: number): number => value
const log = (value: number): number => fround(Math.log(value))
/** −ln(1/p − 1). XGBoost from 3.2 on clamps p; older versions refuse what that would change. */
const logit = (p: number): number => {
  const inside = fround(Math.min(Math.max(p, 1e-6), fround(1 - fround(1e-6))))
  return fround(-fround(Math.log(fround(fround(1 / inside) - 1))))
}

/** What expectiles come from: the first as it is, each other by the logarithm of its distance from the one before. */
const distance = (value: number, before?: number): number => {
  if (before === undefined) return value
  const step = fround(fround(value - before) - fround(1e-6))
  return fround(step + fround(Math.log(fround(-fround(Math.expm1(-step))))))
}

const identity: Objective = { toMargin: same, transform: [], classes: 'none' }
const exponential: Objective = { toMargin: log, transform: [{ kind: 'exp', precision: 'float32' }], classes: 'none' }
const logistic: Objective = {
  toMargin: logit,
  transform: [{ kind: 'logistic', precision: 'float32', slope: 1 }],
  classes: 'none',
}

const OBJECTIVES: Readonly<Record<string, Objective>> = {
  'binary:logistic': { ...logistic, classes: 'two' },
  'reg:logistic': logistic,
  'binary:logitraw': { ...identity, classes: 'two' },
  'binary:hinge': { toMargin: same, transform: [{ kind: 'step' }], classes: 'two' },
  'reg:squarederror': identity,
  'reg:linear': identity,
  'reg:squaredlogerror': identity,
  'reg:pseudohubererror': identity,
  'reg:absoluteerror': identity,
  'reg:quantileerror': identity,
  'reg:expectileerror': { toMargin: distance, transform: [{ kind: 'expectiles' }], classes: 'none' },
  'count:poisson': exponential,
  'reg:gamma': exponential,
  'reg:tweedie': exponential,
  'survival:cox': exponential,
  'survival:aft': exponential,
  'multi:softprob': { toMargin: same, transform: [{ kind: 'softmax', precision: 'float32' }], classes: 'many' },
  'multi:softmax': { toMargin: same, transform: [{ kind: 'arg-max' }], classes: 'many' },
}

/** Throws InputError for an objective that is not known: nothing says what becomes of its margins. */
export function objectiveOf(name: string, file: string): Objective {
  const known = Object.hasOwn(OBJECTIVES, name) ? OBJECTIVES[name] : undefined
  if (known !== undefined) return known
  // Objectives of removed GPU builds, and rankings of every loss.
  if (name.startsWith('gpu:')) return objectiveOf(name.slice(4), file)
  if (name.startsWith('rank:')) return identity
  throw new InputError(
    `${file} has the objective '${name}', which is not read: how its predictions follow from the scores is not known; convert the model to ONNX where it was trained`,
  )
}
