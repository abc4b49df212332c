// How much each of many changed models alters the outputs, on a few samples: noise over signal, so that errors of several layers add up.

import { firstLineOf } from '@whyslow/graph/input-error.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { Results } from '@whyslow/measure/engines/types.ts'
import { compareOutputs } from '@whyslow/measure/outputs/index.ts'
import { loadInputs } from '@whyslow/measure/samples/saved.ts'
import { engineOf } from '@whyslow/measure/trials/engine-of.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import { defineTask } from '@whyslow/measure/trials/port.ts'
import { modelsOf } from './written-models.ts'

export interface LayerErrorsInput extends Omit<ModelTask, 'modelFile'> {
  /** The model that the others are compared with. */
  readonly original: string
  /** Its graph, by which some outputs are understood better. */
  readonly graph?: GraphView | undefined
  /** The list of the others, which may still be written (written-models.ts). */
  readonly written: string
  /** No further model is begun after this long, ms. */
  readonly budgetMs: number
}

export interface LayerError {
  readonly key: string
  /** Noise over signal (powers) of the worst output; null with a reason. */
  readonly noise: number | null
  readonly reason: string | null
}

/** Measures the errors of the models that there was time for. */
async function measureErrors({
  engine,
  options,
  inputs,
  original,
  graph,
  written,
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
  for await (const { key, file } of modelsOf(written, () => performance.now() - start > budgetMs)) {
    try {
      rows.push({ key, noise: noiseOf(expected, await predict(file), graph), reason: null })
    } catch (error) {
      rows.push({ key, noise: null, reason: firstLineOf(error) })
    }
  }
  return rows
}

/**
 * Of the worst float output: squares of the differences over squares of the original; of a selection, the share of rows that are not the
 * same, too. Infinite if the given is NaN or infinite and the expected is a number. Exported for its test.
 */
export function noiseOf(expected: readonly Results[], given: readonly Results[], graph?: GraphView): number {
  const { mismatch, outputs, selections = [] } = compareOutputs(expected, given, { graph })
  // NaN is greater than nothing, and would rank as harmless.
  if (mismatch !== null) return Number.POSITIVE_INFINITY
  const floats = outputs.filter(({ dtype }) => dtype.startsWith('float'))
  const noises = floats.map(({ sqnrDb, cosine, equal }) => {
    if (sqnrDb !== null) return 10 ** (-sqnrDb / 10)
    // A cosine of 1 without noise: what differs is as good as zero.
    return equal || cosine === 1 ? 0 : Number.POSITIVE_INFINITY
  })
  return Math.max(0, ...noises, ...selections.map(({ alike }) => 1 - alike))
}

export const layerErrorsTask = defineTask('layer-errors', import.meta.url, measureErrors)
