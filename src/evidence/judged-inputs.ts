// The inputs on which outputs are compared: more of the user's data than are rotated while time is measured. Agreement and accuracy are
// shares, and 64 samples tell no share finer than 1.6 points.
import path from 'node:path'
import type { Feeds, TensorValue } from '../engines/types.ts'
import type { Model } from '../graph/model.ts'
import { pictureNumbers } from '../measure/samples/picture-numbers.ts'
import { readData } from '../measure/samples/read-data.ts'
import { saveInputs } from '../measure/samples/saved.ts'
import { type ChosenInputs, type InputConstraints, takesNaN } from './choose-inputs.ts'

export interface JudgedInputs {
  /** Path of the inputs.json. */
  readonly saved: string
  readonly samples: readonly Feeds[]
  /** Per sample, the labels of its rows; null where the data has none. */
  readonly labels: readonly TensorValue[] | null
}

/** Inputs are held in memory, and their outputs twice. */
const MOST_BYTES = 256 * 2 ** 20

/**
 * Up to `limit` samples of `--data`, saved in a folder of their own within the run's; the chosen ones where there is no more, or no data.
 * Throws InputError as `readData` does.
 */
export function judgedInputs(
  model: Model,
  constraints: Pick<InputConstraints, 'data' | 'labels' | 'pictures' | 'batch' | 'folder'>,
  chosen: Pick<ChosenInputs, 'resolved' | 'saved' | 'samples' | 'labels'>,
  limit: number,
): JudgedInputs {
  const { saved, samples: fewer, labels } = chosen
  const sampleBytes = Object.values(fewer[0] ?? {}).reduce(
    (sum, { data }) => sum + ((data as ArrayBufferView).byteLength ?? 0),
    1,
  )
  const most = Math.min(limit, Math.floor(MOST_BYTES / sampleBytes))
  if (constraints.data === null || most <= fewer.length) return { saved, samples: fewer, labels }
  const read = readData(constraints.data, chosen.resolved, {
    batch: constraints.batch,
    labelsName: constraints.labels,
    limit: most,
    allowNaN: takesNaN(model),
    pictures: pictureNumbers(model.source.file, constraints.pictures),
  })
  if (read.samples.length <= fewer.length) return { saved, samples: fewer, labels }
  return {
    saved: saveInputs(path.join(constraints.folder, 'judged'), read.samples),
    samples: read.samples,
    labels: read.labels ?? null,
  }
}
