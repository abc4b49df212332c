// How much each of many changed models alters the outputs, on a few samples, all in one process.
import path from 'node:path'
import type { Model } from '../../graph/model.ts'
import { viewGraph } from '../../graph/view.ts'
import { selectionsOf } from '../../measure/outputs/selections.ts'
import { saveInputs } from '../../measure/samples/saved.ts'
import type { PrecisionBench } from './bench.ts'
import { layerErrorsTask } from './layer-errors.ts'

/** Errors measured so only rank. */
const SAMPLES = 3
const START_MS = 60_000

/** Noise over signal of the worst output; null where a model could not be tried, or the time was over. */
export async function noisesOf(
  bench: PrecisionBench,
  original: Model,
  makers: readonly (() => Model)[],
  budgetMs: number,
): Promise<readonly (number | null)[]> {
  // Half of the time to write models, half to predict with them.
  const end = bench.nowMs() + budgetMs / 2
  const write = bench.writeVariants(original, path.join(bench.folder, bench.nextName('variants')))
  const float = await write(original, 'original')
  const models: { key: string; file: string }[] = []
  for (const [k, make] of makers.entries()) {
    if (bench.nowMs() > end) break
    models.push({ key: String(k), file: await write(make(), `variant-${k}`) })
  }
  const inputs = saveInputs(path.join(bench.folder, bench.nextName('samples')), bench.samples.slice(0, SAMPLES))
  const seen = viewGraph(original)
  const graph = selectionsOf(seen).length > 0 ? seen : undefined
  const trial = await bench.run(
    layerErrorsTask,
    { engine: bench.engineId, options: bench.options, inputs, original: float, graph, models, budgetMs: budgetMs / 2 },
    { timeMs: START_MS + 4 * budgetMs, memoryBytes: bench.limits.memoryBytes, signal: bench.limits.signal },
  )
  const found = new Map(trial.outcome === 'measured' ? trial.value.map(({ key, noise }) => [key, noise] as const) : [])
  return makers.map((_, k) => found.get(String(k)) ?? null)
}
