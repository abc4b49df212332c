// How much each of many changed models alters the outputs, on a few samples: noise over signal, so that errors of several layers add up.
import type { Results } from '../../engines/types.ts'
import { firstLineOf } from '../../graph/input-error.ts'
import { numbersOf } from '../../measure/outputs/numbers.ts'
import { loadInputs } from '../../measure/samples/saved.ts'
import { engineOf } from '../../trials/engine-of.ts'
import type { ModelTask } from '../../trials/model-task.ts'
import { defineTask } from '../../trials/port.ts'

export interface LayerErrorsInput extends Omit<ModelTask, 'modelFile'> {
  /** The model that the others are held against. */
  readonly original: string
  readonly models: readonly { readonly key: string; readonly file: string }[]
  /** No further model is begun after so long, ms. */
  readonly budgetMs: number
}

export interface LayerError {
  readonly key: string
  /** Noise over signal (powers) of the worst output; null with a reason. */
  readonly noise: number | null
  readonly reason: string | null
}

async function measureErrors({
  engine,
  options,
  inputs,
  original,
  models,
  budgetMs,
}: LayerErrorsInput): Promise<readonly LayerError[]> {
  const samples = loadInputs(inputs)
  const predict = async (file: string): Promise<Results[]> => {
    const session = await engineOf(engine).open(file, options)
    const results: Results[] = []
    for (const feeds of samples) results.push(await session.run(feeds))
    await session.close()
    return results
  }
  const expected = await predict(original)
  const start = performance.now()
  const rows: LayerError[] = []
  for (const { key, file } of models) {
    if (performance.now() - start > budgetMs) {
      rows.push({ key, noise: null, reason: 'no time was left' })
      continue
    }
    try {
      rows.push({ key, noise: noiseOf(expected, await predict(file)), reason: null })
    } catch (error) {
      rows.push({ key, noise: null, reason: firstLineOf(error) })
    }
  }
  return rows
}

/**
 * Of the worst float output: squares of the differences over squares of the original. Infinite where the given is NaN or infinite and the
 * expected is a number. Exported for its test.
 */
export function noiseOf(expected: readonly Results[], given: readonly Results[]): number {
  let worst = 0
  for (const name of Object.keys(expected[0] ?? {})) {
    if (!expected[0]![name]!.dtype.startsWith('float')) continue
    let [noise, signal] = [0, 0]
    for (const [k, results] of expected.entries()) {
      const [a, b] = [numbersOf(results[name]!), numbersOf(given[k]![name]!)]
      if (a === null || b === null || a.length !== b.length) return Number.POSITIVE_INFINITY
      for (let i = 0; i < a.length; i++) {
        if (!Number.isFinite(a[i]!)) continue
        // NaN is greater than nothing, and would rank as harmless.
        if (!Number.isFinite(b[i]!)) return Number.POSITIVE_INFINITY
        noise += (a[i]! - b[i]!) ** 2
        signal += a[i]! ** 2
      }
    }
    if (noise > 0) worst = Math.max(worst, signal > 0 ? noise / signal : Number.POSITIVE_INFINITY)
  }
  return worst
}

export const layerErrorsTask = defineTask('layer-errors', import.meta.url, measureErrors)
