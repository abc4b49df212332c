// The inputs on which outputs are compared: more of the user's data than are rotated while time is measured. Agreement and accuracy are
// shares, and 64 samples tell no share finer than 1.6 points.
import path from 'node:path'
import type { Model } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { type ChosenInputs, type InputConstraints, takesNaN } from '@whyslow/measure/choose-inputs.ts'
import type { Feeds, TensorValue } from '@whyslow/measure/engines/types.ts'
import type { AllowedLoss } from '@whyslow/measure/outputs/index.ts'
import { elementCount } from '@whyslow/measure/samples/dtype-arrays.ts'
import { ownPictures } from '@whyslow/measure/samples/metadata/own-pictures.ts'
import { pictureNumbers } from '@whyslow/measure/samples/picture-numbers.ts'
import { readData } from '@whyslow/measure/samples/read-data.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { synthesize } from '@whyslow/measure/samples/synthetic.ts'
import { heldOut, rowsForBoth, rowsToProve } from './held-out.ts'

export interface JudgedInputs {
  /** Path of the inputs.json. */
  readonly saved: string
  readonly samples: readonly Feeds[]
  /** Per sample, the labels of its rows; null if the data has none. */
  readonly labels: readonly TensorValue[] | null
}

/** Inputs are held in memory, and their outputs twice. */
const MOST_BYTES = 256 * 2 ** 20

/** Inputs that choose, and inputs that only the last proof sees. */
export interface JudgedParts {
  readonly choose: JudgedInputs
  /** The same object if there are too few for both. */
  readonly prove: JudgedInputs
  /** Why they are the same, with what would help; null: they are not. */
  readonly together: string | null
}

/** Seed of the proof's made-up inputs, which differ from the first ones. */
const PROOF_SEED = 2
const FIRST_SEED = 1

/**
 * Cuts `judged` into two parts of up to `most` samples, saved in folders of their own within the run's. If no loss is allowed, nothing is
 * chosen by one, and all inputs do both. Made-up inputs are made again, and `mostMade` of each if a loss is allowed: a few show too little of it.
 */
export function inParts(
  judged: JudgedInputs,
  chosen: Pick<ChosenInputs, 'resolved' | 'source'>,
  graph: GraphView,
  {
    maxLoss,
    most,
    mostMade,
    folder,
  }: { readonly maxLoss: AllowedLoss | null; readonly most: number; readonly mostMade: number; readonly folder: string },
): JudgedParts {
  const { samples, labels } = judged
  const saved = (name: string, samples: readonly Feeds[]) => saveInputs(path.join(folder, name), samples)
  if (chosen.source === 'synthetic') {
    const fitting = Math.min(mostMade, Math.floor(MOST_BYTES / bytesIn(samples[0])))
    const count = maxLoss === null ? samples.length : Math.max(samples.length, fitting)
    const made = (name: string, seed: number): JudgedInputs => {
      const own = synthesize(chosen.resolved, graph, count, seed)
      return { saved: saved(name, own), samples: own, labels: null }
    }
    const choose = count === samples.length ? judged : made('made-to-choose', FIRST_SEED)
    return { choose, prove: made('made-to-prove', PROOF_SEED), together: null }
  }
  if (maxLoss === null) return { choose: judged, prove: judged, together: null }
  const part = (name: string, at: readonly number[]): JudgedInputs => {
    const own = at.slice(0, most).map((k) => samples[k]!)
    return { saved: saved(name, own), samples: own, labels: labels && at.slice(0, most).map((k) => labels[k]!) }
  }
  const needed = rowsToProve(maxLoss, labels !== null)
  const parts = heldOut(
    samples.map((_, k) => (labels === null ? 1 : elementCount(labels[k]!.shape))),
    needed,
  )
  if (parts !== null) return { choose: part('chooses', parts.choose), prove: part('proves', parts.prove), together: null }
  const all = samples.length <= most ? judged : part('judged-first', [...samples.keys()].slice(0, most))
  return { choose: all, prove: all, together: whyTogether(all.samples.length, rowsForBoth(needed)) }
}

const bytesIn = (feeds: Feeds = {}): number =>
  Object.values(feeds).reduce((sum, { data }) => sum + ((data as ArrayBufferView).byteLength ?? 0), 1)

function whyTogether(samples: number, needed: number): string {
  const seen = `the loss was measured on the same ${samples} inputs that chose ranges and layers, so it may be larger on others`
  return Number.isFinite(needed)
    ? `${seen}; to prove it on held-out inputs, give ${needed} rows with --data, and a larger --budget if the model is slow`
    : seen
}

/**
 * Up to `limit` samples of `--data`, saved in a folder of their own within the run's; the chosen ones if there is no more, or no data.
 * Throws InputError as `readData` does.
 */
export function judgedInputs(
  model: Model,
  constraints: Pick<InputConstraints, 'data' | 'labels' | 'pictures' | 'batch' | 'folder'>,
  chosen: Pick<ChosenInputs, 'resolved' | 'saved' | 'samples' | 'labels'>,
  limit: number,
): JudgedInputs {
  const { saved, samples: fewer, labels } = chosen
  const most = Math.min(limit, Math.floor(MOST_BYTES / bytesIn(fewer[0])))
  if (constraints.data === null || most <= fewer.length) return { saved, samples: fewer, labels }
  const read = readData(constraints.data, chosen.resolved, {
    batch: constraints.batch,
    labelsName: constraints.labels,
    limit: most,
    allowNaN: takesNaN(model),
    pictures: pictureNumbers(model.source.file, constraints.pictures, () => ownPictures(model)),
  })
  if (read.samples.length <= fewer.length) return { saved, samples: fewer, labels }
  return {
    saved: saveInputs(path.join(constraints.folder, 'judged'), read.samples),
    samples: read.samples,
    labels: read.labels ?? null,
  }
}
