// A profile of functions: which part of the program's time is the model's call, and which is around it. Imports and waiting are no part
// of a prediction and are left out.
import type { FunctionTimes } from '../recordings/recording.ts'
import type { FunctionFacts } from './facts.ts'

/** Quantile of the normal distribution: 95 %. */
const Z = 1.96

export function functionFacts(times: FunctionTimes): FunctionFacts {
  const { how, samples, rows, model, importShare, idleShare, pythonShare } = times
  const counted = Math.max(0, 1 - importShare - idleShare)
  const of = (share: number): number => (counted > 0 ? Math.min(1, share / counted) : 0)
  const called = model === null ? null : of(model.share)
  const n = samples === null ? 0 : samples * counted
  return {
    ...{ how, samples, model: called, modelCall: model?.name ?? null },
    outside: called === null ? null : 1 - called,
    python: pythonShare === null ? null : of(pythonShare),
    ...{ idle: idleShare, imports: importShare },
    margin: called === null || n === 0 ? 0 : Z * Math.sqrt((called * (1 - called)) / n),
    rows,
  }
}
