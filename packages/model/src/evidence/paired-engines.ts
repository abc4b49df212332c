// Other engines than the one in use, if the model's own format says which: the runtime that its owner probably uses, and what the
// model becomes as ONNX. In pairs of fresh processes, as an experiment.

import { offersOf, traitsOf } from '@whyslow/measure/engines/index.ts'
import { measurePaired } from '@whyslow/measure/timing/paired.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import type { OtherEngine } from './evidence.ts'
import type { VariedPlan } from './plan.ts'

const SAMPLE_MS = 200
const PAIRS = 5
const LEAST = { warmup: 2, samples: 3 } as const
/** Slower ones would take minutes: `compare` is for that. */
const LONGEST_MS = 2000

/** One that does not take the model is left out. */
export async function measurePairedEngines(
  plan: Pick<VariedPlan, 'run' | 'task' | 'inputs' | 'beside' | 'limits'>,
): Promise<readonly OtherEngine[]> {
  const { run, task, inputs, beside = [], limits } = plan
  const { predictionMs, loadMs } = inputs.firstLook
  if (predictionMs > LONGEST_MS) return []
  const found: OtherEngine[] = []
  for (const { id, device, modelFile, configEntries } of beside) {
    const sampling = { sampleMs: SAMPLE_MS, least: LEAST }
    const options = { ...task.options, configEntries: { ...task.options.configEntries, ...configEntries } }
    const changed = { ...task, engine: id, modelFile, options, ...sampling }
    const pairs = { run, base: { ...task, ...sampling }, changed, pairs: PAIRS, threads: inputs.threadsInUse }
    const trial = await measurePaired(pairs, trialLimits(limits, SAMPLE_MS + loadMs, predictionMs))
    if (trial.outcome !== 'measured') continue
    const { changedMs, ratio, ratioLow, ratioHigh, pairs: rounds } = trial.value
    const measured = { device, software: false, p50Ms: changedMs, ratio, ratioLow, ratioHigh, rounds }
    found.push({ id, ...traitsOf(id), ...(offersOf(id).includes('generated') ? { generated: true } : {}), ...measured })
  }
  return found
}
