// Arrays of a data file matched with the model's inputs and cut into samples: by name, by rank, by the axes the model fixes.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { Feeds, TensorValue } from '../engines/types.ts'
import { castTensor, elementCount, elementOf, isPlainFloat } from './dtype-arrays.ts'
import { formatShape, shorten } from './flags.ts'
import type { PictureNumbers } from './picture-numbers.ts'
import { type DataRecord, type NamedTensors, reshapeTo, rowsOf } from './records.ts'
import type { ResolvedInput } from './resolved.ts'

export interface SampleOptions {
  /** Rows of one sample on the batch axis; null takes 1 from stacked rows, and all from a file that is one sample. */
  readonly batch: number | null
  /** The labels' name; null takes 'labels' if it is there. */
  readonly labelsName: string | null
  /** Most samples. */
  readonly limit: number
  /** Missing values are data to some models (tree ensembles); to others they are a mistake. */
  readonly allowNaN: boolean
  /** What the bytes of images become; null: 0..1 in RGB. Called if there are images. */
  readonly pictures: () => PictureNumbers | null
}

export interface Sample {
  readonly feeds: Feeds
  /** Labels of the rows of this sample, leading axis rows. */
  readonly labels?: TensorValue
  /** An array that has another name than the only input. */
  readonly renamed?: string
}

/** How one array is cut: how many samples it holds, and how each is taken. */
interface Cut {
  /** 1 if the array belongs to every sample. */
  readonly count: number
  /** Rows of one sample on its batch axis. */
  readonly rows: number
  take(sample: number): TensorValue
}

/**
 * The samples of one record. Inputs with given values need not be in it. Throws an InputError, one line with the array's name,
 * where names, ranks, sizes or dtypes do not fit, where arrays disagree on the number of samples, and at NaN.
 */
export function samplesOf(record: DataRecord, inputs: readonly ResolvedInput[], options: SampleOptions): readonly Sample[] {
  const found = matchNames(record, inputs, options.labelsName)
  const cuts = [...found].map(([input, tensor]) => ({ input, cut: cutArray(tensor, input, record, options) }))
  const count = cuts.reduce((most, { cut }) => Math.max(most, cut.count), 1)
  for (const { input, cut } of cuts) {
    if (cut.count === 1 || cut.count === count) continue
    throw new InputError(
      `${record.where}: '${input.name}' holds ${cut.count} samples, another array ${count}; give each input as many`,
    )
  }
  const rows = cuts.reduce((most, { cut }) => (cut.count === count ? Math.max(most, cut.rows) : most), 1)
  const labels = labelsOf(record, options.labelsName, inputs)
  const renamed = renamedIn(record, inputs, options.labelsName)
  return Array.from({ length: Math.min(count, options.limit) }, (_, sample) => {
    const feeds = Object.fromEntries(
      cuts.map(({ input, cut }) => {
        const what = `${record.where}: '${input.name}'`
        const tensor = castTensor(cut.take(sample), input.dtype, what)
        if (!options.allowNaN) refuseNaN(tensor, what)
        return [input.name, tensor]
      }),
    )
    return labels === undefined
      ? { feeds, ...renamed }
      : { feeds, ...renamed, labels: labelsAt(labels, sample, { samples: count, rows, where: record.where }) }
  })
}

/** Names that a file has without anyone giving them: of NumPy's arrays, and of a file that is one array. */
const UNNAMED = /^(arr_\d+)?$/

/** The array that is the only input although it has another name. */
function renamedIn(
  { tensors }: DataRecord,
  inputs: readonly ResolvedInput[],
  labelsName: string | null,
): Pick<Sample, 'renamed'> {
  const [name, ...others] = [...tensors.keys()].filter((one) => one !== (labelsName ?? 'labels'))
  if (name === undefined || others.length > 0 || inputs.length !== 1 || UNNAMED.test(name) || name === inputs[0]!.name) return {}
  return { renamed: name }
}

function matchNames(
  { tensors, where }: DataRecord,
  inputs: readonly ResolvedInput[],
  labelsName: string | null,
): ReadonlyMap<ResolvedInput, TensorValue> {
  const found = new Map<ResolvedInput, TensorValue>()
  const others = [...tensors.keys()].filter((name) => name !== (labelsName ?? 'labels'))
  for (const input of inputs) {
    const named = tensors.get(input.name)
    // The one array of a file is the one input, whatever it is called (numpy says arr_0).
    const only = inputs.length === 1 && others.length === 1 ? tensors.get(others[0]!) : undefined
    const tensor = named ?? only
    if (tensor !== undefined) found.set(input, tensor)
    else if (input.values === undefined) {
      const holds =
        others.length === 0
          ? 'nothing'
          : others
              .slice(0, 5)
              .map((name) => `'${shorten(name, 30)}'`)
              .join(', ')
      throw new InputError(
        `${where}: no array '${input.name}', which the model needs; the file holds ${holds}; name arrays as the inputs`,
      )
    }
  }
  return found
}

function cutArray(tensor: TensorValue, input: ResolvedInput, { where, stacked }: DataRecord, { batch }: SampleOptions): Cut {
  const what = `${where}: '${input.name}'`
  const rank = input.shape.length
  const own = tensor.shape
  const whole = (shape: readonly number[] = own): Cut => {
    checkAxes(shape, input, what, batch)
    return { count: 1, rows: shape[0] ?? 1, take: () => reshapeTo(tensor, shape) }
  }
  const slices = (rows: number, shapeOf: (cut: readonly number[]) => readonly number[] = (cut) => cut): Cut => {
    const count = Math.floor((own[0] ?? 0) / rows)
    if (count < 1) {
      throw new InputError(`${what} has ${own[0]} rows, a sample takes ${rows}; give more data, or a smaller --batch`)
    }
    checkAxes(shapeOf([rows, ...own.slice(1)]), input, what, null)
    return {
      count,
      rows,
      take: (sample) => {
        const cut = rowsOf(tensor, sample * rows, (sample + 1) * rows)
        return reshapeTo(cut, shapeOf(cut.shape))
      },
    }
  }

  if (elementCount(own) === 0 && stacked) throw new InputError(`${what} is empty (${formatShape(own)}); give at least one sample`)
  if (input.rankIsFree) return stacked && own.length > 0 ? slices(Math.min(batch ?? 1, own[0]!)) : whole()
  if (rank === 0 && elementCount(own) === 1) return whole([])
  if (own.length === rank) {
    const leading = input.freeAxes.find(({ axis }) => axis === 0)
    if (leading === undefined) return own[0] === input.shape[0] || !stacked ? whole() : slices(input.shape[0]!)
    if (leading.meaning !== 'batch') return whole()
    if (batch === null && leading.from === 'flag') return slices(input.shape[0]!)
    return stacked || batch !== null ? slices(batch ?? 1) : whole()
  }
  // One more axis than the input has: the samples themselves.
  if (own.length === rank + 1 && stacked) return slices(1, ([, ...sample]) => sample)
  if (own.length === rank - 1) {
    // A column, one value a row; else one sample without its batch axis.
    if (rank === 2 && stacked && input.shape[1] === 1) return slices(batch ?? 1, ([rows]) => [rows!, 1])
    return whole([1, ...own])
  }
  throw new InputError(
    `${what} has ${own.length} axes (${formatShape(own)}), the model takes ${rank} (${formatShape(input.shape)})`,
  )
}

/** Throws if an axis that the model or the user fixed has another size. */
function checkAxes(shape: readonly number[], input: ResolvedInput, what: string, batch: number | null): void {
  input.shape.forEach((size, axis) => {
    const free = input.freeAxes.find((candidate) => candidate.axis === axis)
    // What operators say of a free axis may be a lower bound (a tree need not use its last column): the engine decides.
    const isOpen = input.rankIsFree || (free !== undefined && free.from !== 'flag')
    if (isOpen || shape[axis] === size || (free?.meaning === 'batch' && (batch === null || shape[axis] === batch))) return
    const by = free === undefined ? 'the model' : free.meaning === 'batch' ? '--batch' : '--shape'
    throw new InputError(`${what} is ${formatShape(shape)}: axis ${axis} is ${shape[axis]}, ${by} says ${size}`)
  })
}

function labelsOf(
  { tensors, where }: DataRecord,
  labelsName: string | null,
  inputs: readonly ResolvedInput[],
): TensorValue | undefined {
  const name = labelsName ?? 'labels'
  const labels = inputs.some((input) => input.name === name) ? undefined : tensors.get(name)
  if (labels === undefined && labelsName !== null) {
    throw new InputError(`${where}: no array '${name}' for --labels; it holds ${listNames(tensors)}`)
  }
  return labels
}

function labelsAt(
  labels: TensorValue,
  sample: number,
  { samples, rows, where }: { readonly samples: number; readonly rows: number; readonly where: string },
): TensorValue {
  const given = labels.shape[0] ?? 1
  if (samples === 1) return labels.shape.length === 0 ? reshapeTo(labels, [1]) : labels
  const each = given === samples ? 1 : rows
  if (given < samples * each) {
    throw new InputError(`${where}: ${given} labels for ${samples} samples of ${rows} rows; give one label a row`)
  }
  return rowsOf(labels, sample * each, (sample + 1) * each)
}

function refuseNaN(tensor: TensorValue, what: string): void {
  if (!isPlainFloat(tensor.dtype)) return
  const count = elementCount(tensor.shape)
  for (let index = 0; index < count; index++) {
    if (!Number.isNaN(elementOf(tensor, index))) continue
    throw new InputError(`${what} holds NaN (element ${index} of a sample): fill missing values before measuring`)
  }
}

const listNames = (tensors: NamedTensors): string =>
  [...tensors.keys()]
    .slice(0, 5)
    .map((name) => `'${shorten(name, 30)}'`)
    .join(', ') || 'nothing'
