// The bench of this machine: setups are read, compared and optimized in trials.
import { externalWeights } from '@whyslow/measure/engines/onnxruntime/external-weights.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import { optimizeTask } from '@whyslow/measure/optimize-task.ts'
import { tryLimits } from '@whyslow/measure/trials/limits.ts'
import { reasonInWords, type Trial } from '@whyslow/measure/trials/port.ts'
import { calibrate } from '../../quantize/calibrate/index.ts'
import type { RemedySetup, RemedyTools } from '../../remedies/kit/remedy.ts'
import type { Bench } from '../bench.ts'
import { judgementMemory } from './judgement-memory.ts'
import { sizeBenches } from './other-sizes.ts'
import { outputComparison } from './output-comparison.ts'
import type { LocalBenchPlan } from './plan.ts'
import { readings } from './readings.ts'
import { setupTasks } from './setup-tasks.ts'

export type { LocalBenchPlan } from './plan.ts'

export type LocalBench = Bench & Required<Pick<RemedyTools, 'optimize' | 'ranges'>>

export function localBench(plan: LocalBenchPlan): LocalBench {
  const { run, limits } = plan
  const tasks = setupTasks(plan)
  const compare = outputComparison(plan, tasks)

  /** The graph that the measured engine makes of the setup's model, written into `file`. */
  async function writeOptimized(setup: RemedySetup, file: string, level: Partial<EngineOptions> = {}): Promise<Trial<null>> {
    const { options } = setup
    const configEntries = { ...externalWeights(setup.model), ...options.configEntries }
    const { engine: _, ...onMeasured } = setup
    const task = {
      ...(await tasks.taskOf(onMeasured)),
      options: { ...options, ...level, configEntries },
      optimizedModelPath: file,
    }
    return run(optimizeTask, task, tryLimits(limits))
  }

  return {
    keyOf: tasks.keyOf,
    sizeBytes: tasks.sizeBytes,
    ...readings(plan, tasks),
    compare,
    async executed(setup) {
      // Other engines do not write it.
      if (setup.engine !== undefined) return null
      const file = tasks.newFile('executed')
      const trial = await writeOptimized(setup, file)
      return trial.outcome === 'measured' ? plan.readExecuted(file).catch(() => null) : null
    },
    async optimize(setup, level) {
      const file = tasks.newFile(`optimized-${level}`)
      const trial = await writeOptimized(setup, file, { graphOptimization: level })
      if (trial.outcome !== 'measured') throw new Error(reasonInWords(trial))
      return plan.readModel(file)
    },
    async ranges(setup, values) {
      const { saved, samples } = plan.judged
      const trial = await calibrate({
        run,
        limits,
        engine: plan.engineId,
        options: setup.options,
        model: setup.model,
        values,
        methods: ['minmax'],
        inputs: saved,
        samples: samples.length,
        types: new Map(),
        expectedMs: samples.length * plan.p50Ms,
        folder: tasks.newPath('ranges'),
        write: plan.write,
      })
      if (trial.outcome !== 'measured') throw new Error(`ranges of values could not be measured: ${reasonInWords(trial)}`)
      const found = Object.entries(trial.value.ranges.minmax ?? {})
      return new Map(found.filter(([, { low, high }]) => !Number.isNaN(low) && !Number.isNaN(high)))
    },
    sizes: sizeBenches(plan, tasks),
    ...judgementMemory(plan, tasks),
    nowMs: () => performance.now(),
  }
}
