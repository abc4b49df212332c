// How much each of many changed models alters the outputs, on a few samples, all in one process, which
// predicts with the first while the next are written.
import path from 'node:path'
import { setImmediate as pause } from 'node:timers/promises'
import type { Model } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import type { PrecisionBench } from './bench.ts'
import { layerErrorsTask } from './layer-errors.ts'
import { writtenModels } from './written-models.ts'

/** Errors measured so only rank. */
const SAMPLES = 3
/** Share of the time for all of them: fewer samples of more models tell more than more samples of fewer. */
const PREDICTING_SHARE = 0.5
const START_MS = 60_000

/** Noise over signal of the worst output; null if a model could not be tried, or the time was over. */
export async function noisesOf(
  bench: PrecisionBench,
  original: Model,
  makers: readonly (() => Model)[],
  budgetMs: number,
): Promise<readonly (number | null)[]> {
  const end = bench.nowMs() + budgetMs
  const write = bench.writeVariants(original, path.join(bench.folder, bench.nextName('variants')))
  const float = await write(original, 'original')
  const count = samplesFor(makers.length, bench.p50Ms, budgetMs)
  const inputs = saveInputs(path.join(bench.folder, bench.nextName('samples')), bench.samples.slice(0, count))
  const graph = viewGraph(original)
  const list = path.join(bench.folder, bench.nextName('written'))
  const written = writtenModels(list)
  const trial = bench.run(
    layerErrorsTask,
    { engine: bench.engineId, options: bench.options, inputs, original: float, graph, written: list, budgetMs },
    { timeMs: START_MS + 4 * budgetMs, memoryBytes: bench.limits.memoryBytes, signal: bench.limits.signal },
  )
  let isRead = true
  const ended = () => {
    isRead = false
  }
  trial.then(ended, ended)
  try {
    for (const [k, make] of makers.entries()) {
      if (!isRead || bench.nowMs() > end) break
      written.add({ key: String(k), file: await write(make(), `variant-${k}`) })
      // The runner of the trial looks after it in between.
      await pause()
    }
  } finally {
    written.end()
  }
  const result = await trial
  const found = new Map(result.outcome === 'measured' ? result.value.map(({ key, noise }) => [key, noise] as const) : [])
  return makers.map((_, k) => found.get(String(k)) ?? null)
}

/** As many samples as all models can run. Exported for its test. */
export function samplesFor(models: number, p50Ms: number, budgetMs: number): number {
  return Math.min(SAMPLES, Math.max(1, Math.floor((PREDICTING_SHARE * budgetMs) / (models * p50Ms))))
}
