// One thing changed, everything else as it is, in alternating processes: what a rule could only guess is measured.
import fs from 'node:fs'
import path from 'node:path'
import { writeModel } from '@whyslow/graph/build.ts'
import { constantsIn, isOverridable } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { ConstantView } from '@whyslow/graph/types.ts'
import { measurePaired } from '@whyslow/measure/timing/paired.ts'
import type { Experiment } from '@whyslow/measure/timing/types.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import type { GatherPlan, VariedPlan } from './plan.ts'
import { EXPERIMENT_SAMPLE_MS, type PlannedPairs, type PossibleMeasurements, type RunPlan } from './run-plan.ts'

/** Ratio from which no denormals matter: those that do cost several times the rest, and most models have none. */
const NO_DENORMALS = 0.97

interface Change {
  readonly detail: string
  readonly changed: ModelTask
}

/** Share of one weight's values: training with weight decay leaves fewer. */
const SUBNORMAL_SHARE = 0.001

/** Those that make sense for this model and setup. */
export function possibleExperiments({ engineOptions, model, graph }: GatherPlan): PossibleMeasurements['experiments'] {
  const isSubnormal = ({ statistics }: ConstantView) => (statistics?.subnormalShare ?? 0) >= SUBNORMAL_SHARE
  const denormals: Experiment['id'][] = engineOptions.configEntries[DENORMALS_KEY] === undefined ? ['denormals'] : []
  const hasSubnormals = Object.values(graph.constants).some(isSubnormal)
  return {
    standingOut: [
      ...(engineOptions.graphOptimization === 'all' ? [] : ['graph-optimization' as const]),
      ...(hasWeightInputs(model) ? ['initializers-as-inputs' as const] : []),
      ...(hasSubnormals ? denormals : []),
    ],
    others: hasSubnormals ? [] : denormals,
  }
}

/** Those that were planned; one that cannot be run is left out. */
export async function runExperiments(varied: VariedPlan, planned: RunPlan['experiments']): Promise<readonly Experiment[]> {
  const experiments: Experiment[] = []
  for (const [id, { pairs, least, processMs }] of Object.entries(planned) as [Experiment['id'], PlannedPairs][]) {
    const { detail, changed } = changeFor(id, varied)
    const plan = {
      run: varied.run,
      base: { ...varied.task, sampleMs: EXPERIMENT_SAMPLE_MS, least },
      changed: { ...changed, sampleMs: EXPERIMENT_SAMPLE_MS, least },
      pairs,
      threads: varied.inputs.threadsInUse,
      ...(id === 'denormals' ? { futileAbove: NO_DENORMALS } : {}),
    }
    const trial = await measurePaired(plan, trialLimits(varied.limits, processMs))
    if (trial.outcome === 'measured') experiments.push({ id, detail, ...trial.value })
  }
  return experiments
}

const DENORMALS_KEY = 'session.set_denormal_as_zero'

function changeFor(id: Experiment['id'], varied: VariedPlan): Change {
  const { task, engineOptions } = varied
  switch (id) {
    case 'denormals': {
      const configEntries = { ...engineOptions.configEntries, [DENORMALS_KEY]: '1' }
      return { detail: `${DENORMALS_KEY}=1`, changed: { ...task, options: { ...engineOptions, configEntries } } }
    }
    case 'graph-optimization':
      return {
        detail: `graph optimization ${engineOptions.graphOptimization} -> all`,
        changed: { ...task, options: { ...engineOptions, graphOptimization: 'all' } },
      }
    case 'initializers-as-inputs':
      return { detail: 'weights taken out of the graph inputs', changed: { ...task, modelFile: withoutWeightInputs(varied) } }
  }
}

/** False where weights are outside the file, too: a copy would not find them. */
const hasWeightInputs = (model: Model): boolean =>
  model.weights.size === 0 && constantsIn(model.proto.graph!).some((one) => isOverridable(model, one))

/** A copy whose initializers are no inputs. */
function withoutWeightInputs({ model, folder }: VariedPlan): string {
  const graph = model.proto.graph!
  const file = path.join(folder, 'clean-inputs.onnx')
  const weights = new Set(graph.initializer.map(({ name }) => name))
  const clean = copyWith(graph, { input: graph.input.filter(({ name }) => !weights.has(name)) })
  fs.writeFileSync(file, writeModel(copyWith(model.proto, { graph: clean })))
  return file
}
