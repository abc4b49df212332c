// What is measured of a model that was opened: one document of evidence.
import { placesOf } from '@whyslow/command/engine-options.ts'
import type { WhyOptions } from '@whyslow/command/options.ts'
import type { Run } from '@whyslow/command/run.ts'
import { toolVersion } from '@whyslow/command/version.ts'
import { readOnnx } from '@whyslow/formats/index.ts'
import { modelFacts } from '@whyslow/graph/facts.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { inputFacts } from '@whyslow/measure/choose-inputs.ts'
import { describeEngine } from '@whyslow/measure/describe-engine.ts'
import { engines, offersOf } from '@whyslow/measure/engines/index.ts'
import { measuredRoofs } from '@whyslow/measure/timing/roofs/measured-roofs.ts'
import type { Evidence } from '../evidence/evidence.ts'
import { gather } from '../evidence/gather.ts'
import { engineFacts } from './engine-facts.ts'
import { firstTreesOf } from './first-trees.ts'
import { flagsOf } from './given-flags.ts'
import { pairEngines } from './paired-engines.ts'

const MEASURED_BY_COMPARE = 'other engines are measured by whyslow compare'

/** The machine's roofs with this engine, from the cache if they are there. To be called within `alone`. */
export const roofsFor = (
  run: Pick<Run, 'trials' | 'machine' | 'engine' | 'engineOptions' | 'limits' | 'progress'>,
  { engine: engineId, cache }: Pick<WhyOptions, 'engine' | 'cache'>,
): ReturnType<typeof measuredRoofs> => {
  const { trials, machine, engine, engineOptions, limits, progress } = run
  if (!offersOf(engineId).includes('roofs')) {
    const measured = engines.find(({ offers }) => offers.includes('roofs'))!.id
    const absent = `roofs are measured with the kernels of ${measured}, and ${engineId} has its own`
    return Promise.resolve({ value: undefined, absent, warnings: [] })
  }
  return measuredRoofs({ run: trials.run, machine, engine, engineId, options: engineOptions, cache, limits, progress })
}

export interface MeasuredRun {
  readonly evidence: Evidence
  /** Left for operators alone, ms. */
  readonly experimentsMs: number
}

/** Roofs, latency, profile and what else the options ask for. To be called within `alone`. */
export async function measureRun(run: Run, options: WhyOptions): Promise<MeasuredRun> {
  const { trials, model, graph, engine, engineOptions, machine, limits, inputs, folder, progress } = run
  const roofs = await roofsFor(run, options)
  const describe = (id: string) => describeEngine(trials.run, id, placesOf(options), options.signal)
  const beside = await pairEngines(model, { engineId: options.engine, folder, quick: options.quick, describe })
  const gathered = await gather({
    run: trials.run,
    model,
    graph,
    inputs,
    machine,
    engineId: options.engine,
    beside: beside.engines,
    engineOptions,
    offers: offersOf(options.engine),
    deviceKind: engine.deviceKind,
    options,
    folder,
    limits,
    readExecuted,
    progress,
  })
  const trees = firstTreesOf(run, options)
  const evidence: Evidence = {
    schema: 'whyslow-evidence/1',
    toolVersion,
    createdAt: new Date().toISOString(),
    given: flagsOf(options),
    machine,
    ...(roofs.value ? { roofs: roofs.value } : {}),
    model: modelFacts(model),
    graph,
    inputs: inputFacts(inputs),
    outputs: inputs.outputs.map(({ name, type }) => ({ name, dtype: type?.dtype ?? 'not a tensor', shape: type?.shape ?? null })),
    engine: engineFacts(options.engine, engine, engineOptions, inputs.threadsInUse),
    ...gathered.evidence,
    ...('firstTrees' in trees ? trees : {}),
    absent: {
      ...('absent' in trees ? { firstTrees: trees.absent } : {}),
      ...(gathered.evidence.otherEngines ? {} : { otherEngines: MEASURED_BY_COMPARE }),
      ...(roofs.absent ? { roofs: roofs.absent } : {}),
      ...gathered.absent,
    },
    warnings: [
      ...(model.notes ?? []),
      ...(engine.passedOver === undefined ? [] : [engine.passedOver]),
      ...(beside.says === null ? [] : [beside.says]),
      ...inputs.warnings,
      ...roofs.warnings,
      ...gathered.warnings,
    ],
  }
  return { evidence, experimentsMs: gathered.experimentsMs }
}

/** A graph that the engine wrote as it runs it. */
export const readExecuted = async (file: string): Promise<GraphView> => viewGraph(await readOnnx(file))
