// One thing changed, everything else as it is, in alternating processes: what a rule could only guess is measured.
import fs from 'node:fs'
import path from 'node:path'
import { writeModel } from '../graph/build.ts'
import { copyWith } from '../graph/copy.ts'
import { measurePaired } from '../measure/timing/paired.ts'
import type { Experiment } from '../measure/timing/types.ts'
import { trialLimits } from '../trials/limits.ts'
import type { ModelTask } from '../trials/model-task.ts'
import type { TimedPlan } from './plan.ts'

const SAMPLE_MS = 200
/** What is tried on every model gets few pairs; what is tried because it stands out gets enough for a narrow interval. */
const PAIRS: Readonly<Record<Experiment['id'], number>> = { denormals: 3, 'graph-optimization': 6, 'initializers-as-inputs': 6 }

/** Where they matter they cost several times the rest; most models hold none. */
const NO_DENORMALS = 0.97

interface Change {
  readonly id: Experiment['id']
  readonly detail: string
  readonly changed: ModelTask
}

/** Those that make sense for this model and setup; one that cannot be run is left out. */
export async function runExperiments(timed: TimedPlan): Promise<readonly Experiment[]> {
  const experiments: Experiment[] = []
  for (const { id, detail, changed } of changesFor(timed)) {
    const plan = {
      run: timed.run,
      base: { ...timed.task, sampleMs: SAMPLE_MS },
      changed: { ...changed, sampleMs: SAMPLE_MS },
      pairs: PAIRS[id],
      threads: timed.inputs.threadsInUse,
      ...(id === 'denormals' ? { futileAbove: NO_DENORMALS } : {}),
    }
    const trial = await measurePaired(plan, trialLimits(timed.limits, SAMPLE_MS, timed.p50Ms))
    if (trial.outcome === 'measured') experiments.push({ id, detail, ...trial.value })
  }
  return experiments
}

const DENORMALS_KEY = 'session.set_denormal_as_zero'

function changesFor(timed: TimedPlan): Change[] {
  const { task, engineOptions } = timed
  const changes: Change[] = []
  if (engineOptions.configEntries[DENORMALS_KEY] === undefined) {
    const configEntries = { ...engineOptions.configEntries, [DENORMALS_KEY]: '1' }
    changes.push({
      id: 'denormals',
      detail: `${DENORMALS_KEY}=1`,
      changed: { ...task, options: { ...engineOptions, configEntries } },
    })
  }
  if (engineOptions.graphOptimization !== 'all') {
    changes.push({
      id: 'graph-optimization',
      detail: `graph optimization ${engineOptions.graphOptimization} -> all`,
      changed: { ...task, options: { ...engineOptions, graphOptimization: 'all' } },
    })
  }
  const cleaned = withoutWeightInputs(timed)
  if (cleaned) {
    changes.push({
      id: 'initializers-as-inputs',
      detail: 'weights taken out of the graph inputs',
      changed: { ...task, modelFile: cleaned },
    })
  }
  return changes
}

/** A copy whose initializers are no inputs; null where none is, or where weights lie outside the file. */
function withoutWeightInputs({ model, folder }: TimedPlan): string | null {
  const { graph } = model.proto
  if (!graph || model.weights.size > 0) return null
  const weights = new Set(graph.initializer.map(({ name }) => name))
  const input = graph.input.filter(({ name }) => !weights.has(name))
  if (input.length === graph.input.length) return null
  const file = path.join(folder, 'clean-inputs.onnx')
  // IR 4 is the first in which an initializer need not be an input.
  const irVersion = model.proto.irVersion < 4n ? 4n : model.proto.irVersion
  fs.writeFileSync(file, writeModel(copyWith(model.proto, { irVersion, graph: copyWith(graph, { input }) })))
  return file
}
