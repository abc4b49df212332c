// The precision of each layer, by measuring: what operators take, which of them together save most, what ranges their values have, and
// how much the outputs change.
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { Int8Form, PrecisionMethod, PrecisionPlan } from '../../remedies/kit/remedy.ts'
import type { PrecisionBench } from './bench.ts'
import { planOnEngine } from './engine-plans.ts'
import { decibels, type LayerRecord } from './layer-records.ts'
import { type LearnedModel, learn, type PrecisionConstraints } from './learned-model.ts'
import { planId, planMethod, type SearchedPrecisions } from './method-plans.ts'

export interface PrecisionSearch {
  plan(model: Model, method: PrecisionMethod): Promise<readonly PrecisionPlan[]>
  /** Static int8 for another engine, in the form that it runs in int8. */
  planOn(model: Model, form: Int8Form): Promise<readonly PrecisionPlan[]>
  /** Records of all plans, by method and node; the last word on each. */
  records(): readonly LayerRecord[]
  /** Fills in the errors of the layers of what was kept (method to variant), if they were not needed before. */
  measureErrors(kept: ReadonlyMap<PrecisionMethod, string>): Promise<void>
  /** Methods for which nothing is proposed, and why. */
  reasons(): ReadonlyMap<PrecisionMethod, string>
}

/** `prepare`: the model as the engine would run it, without a change of its outputs. */
export function precisionSearch(
  bench: PrecisionBench,
  constraints: PrecisionConstraints,
  prepare: (model: Model) => Promise<Model>,
): PrecisionSearch {
  const known = new Map<object, Promise<LearnedModel>>()
  const onEngines = new Map<object, ReadonlyMap<Int8Form, ReturnType<typeof planOnEngine>>>()
  const learnNow = async (model: Model): Promise<LearnedModel> => {
    bench.onStep('what flows between the operators')
    return learn(bench, constraints, await prepare(model))
  }
  /** Other engines are to be had without it. */
  const without = (error: unknown): readonly PrecisionPlan[] => {
    if (!search.reasons.has('static')) search.reasons.set('static', `not for another engine: ${firstLineOf(error)}`)
    return []
  }
  const search: SearchedPrecisions = {
    bench,
    constraints,
    learned(model) {
      const found = known.get(model.proto) ?? learnNow(model)
      known.set(model.proto, found)
      return found
    },
    records: new Map(),
    reasons: new Map(),
    unmeasured: new Map(),
    restoringMs: 0,
  }
  return {
    plan: (model, method) => planMethod(search, model, method),
    planOn(model, form) {
      const plans = onEngines.get(model.proto)?.get(form) ?? planOnEngine(search, model, form).catch(without)
      onEngines.set(model.proto, new Map([...(onEngines.get(model.proto) ?? []), [form, plans]]))
      return plans
    },
    records: () => [...search.records.values()],
    measureErrors: (kept) => measureErrors(search, kept),
    reasons: () => search.reasons,
  }
}

async function measureErrors(
  { records, unmeasured }: SearchedPrecisions,
  kept: ReadonlyMap<PrecisionMethod, string>,
): Promise<void> {
  for (const [method, variant] of kept) {
    const plan = planId({ method, variant })
    const errors = await unmeasured.get(plan)?.()
    for (const [key, record] of records) {
      const noise = planId(record) === plan ? errors?.get(record.node) : undefined
      if (noise !== undefined) records.set(key, { ...record, sqnrDb: decibels(noise) })
    }
  }
}
