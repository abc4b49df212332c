// The user's own data, in whichever of the known forms it is: .npz, .npy, .csv, .json, .pb, a folder of ONNX test data, a folder
// with one sample a file, images and sound among them, or inputs that were saved before.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Feeds, TensorValue } from '../engines/types.ts'
import { readCsv } from './csv.ts'
import { shorten } from './flags.ts'
import { readJson } from './json.ts'
import { readNpy } from './npy.ts'
import { readNpz } from './npz.ts'
import { readPb } from './pb.ts'
import { isPicture, picturesNote, readPictures } from './pictures.ts'
import { type DataRecord, rowsOf } from './records.ts'
import { type ResolvedInput, withDataShapes } from './resolved.ts'
import { type Sample, type SampleOptions, samplesOf } from './samples.ts'
import { loadInputs } from './saved.ts'
import { givenTensor } from './synthetic.ts'
import { isSound, readWav, soundNote, windowsOf } from './wav.ts'

export interface InputData {
  /** Samples in the order of the file; each may have shapes of its own. */
  readonly samples: readonly Feeds[]
  /** The inputs with the shapes of the first sample. */
  readonly inputs: readonly ResolvedInput[]
  /** Per sample, the labels of its rows; absent if the data has none. */
  readonly labels?: readonly TensorValue[]
  /** How the data became inputs, where that was chosen. */
  readonly note?: string
}

/** Samples where no limit is given: enough to rotate, quickly read. */
export const DEFAULT_LIMIT = 64
const KINDS =
  '.npz, .npy, .csv, .json, .pb, .wav, a folder of these or of images (or of folders of images), or an ONNX test_data_set folder'

/**
 * Reads samples for the inputs. Shapes in the data win over guesses. Throws an InputError, one line that names file and array,
 * where the data is missing, damaged or does not fit the model.
 */
export function readData(path: string, inputs: readonly ResolvedInput[], options: Partial<SampleOptions> = {}): InputData {
  const settled: SampleOptions = {
    batch: options.batch ?? null,
    labelsName: options.labelsName ?? null,
    limit: options.limit ?? DEFAULT_LIMIT,
    allowNaN: options.allowNaN ?? false,
    pictures: options.pictures ?? (() => null),
  }
  const samples = statOf(path).isDirectory() ? readFolder(path, inputs, settled) : readFile(path, inputs, settled)
  const first = samples[0]
  if (first === undefined) throw new InputError(`${path}: no sample in it; give at least one`)
  const shaped = withDataShapes(inputs, first.feeds)
  const given = Object.fromEntries(
    shaped.filter(({ name }) => first.feeds[name] === undefined).map((input) => [input.name, givenTensor(input)]),
  )
  const labels = samples.flatMap((sample) => (sample.labels === undefined ? [] : [sample.labels]))
  const note =
    picturesIn(path, inputs, settled.labelsName).length > 0
      ? picturesNote(inputs, settled.pictures())
      : (noteOfSound(path, inputs) ?? noteOfName(first, inputs))
  return {
    samples: samples.map(({ feeds }) => ({ ...feeds, ...given })),
    inputs: shaped,
    ...(labels.length === samples.length ? { labels } : {}),
    ...(note !== null && { note }),
  }
}

function readFile(path: string, inputs: readonly ResolvedInput[], options: SampleOptions): readonly Sample[] {
  const saved = extname(path).toLowerCase() === '.json' ? readSaved(path) : undefined
  if (saved !== undefined) {
    const whole = { ...options, batch: null, labelsName: null }
    return saved.slice(0, options.limit).flatMap((feeds) => samplesOf(asRecord(feeds, path), inputs, whole))
  }
  const samples: Sample[] = []
  for (const record of recordsOf(path, inputs, options.labelsName, true)) {
    if (samples.length < options.limit)
      for (const one of samplesOf(record, inputs, { ...options, limit: options.limit - samples.length })) samples.push(one)
  }
  return samples
}

function recordsOf(
  path: string,
  inputs: readonly ResolvedInput[],
  labelsName: string | null,
  stacked: boolean,
): readonly DataRecord[] {
  const where = basename(path)
  const one = (tensors: DataRecord['tensors'], isStacked = stacked) => [{ tensors, stacked: isStacked, where }]
  switch (extname(path).toLowerCase()) {
    case '.npz':
      return one(readNpz(bytesOf(path), where))
    case '.npy':
      return one(new Map([['', readNpy(bytesOf(path), where)]]))
    case '.pb': {
      const { name, tensor } = readPb(bytesOf(path), where)
      return one(new Map([[name, tensor]]), false)
    }
    case '.wav':
      return windowsOf(readWav(bytesOf(path), where), inputs, where)
    case '.json':
      return readJson(textOf(path), where)
    case '.csv':
    case '.tsv': {
      const flat = inputs.filter(({ shape, rankIsFree }) => shape.length === 2 || rankIsFree)
      if (flat.length !== inputs.length) {
        const odd = inputs.find((input) => !flat.includes(input))!
        throw new InputError(
          `${where}: a table fits inputs of rows x columns, '${odd.name}' has ${odd.shape.length} axes; save it as .npz instead`,
        )
      }
      const textNames = new Set(inputs.flatMap(({ name, dtype }) => (dtype === 'string' ? [name] : [])))
      return one(readCsv(textOf(path), { inputNames: inputs.map(({ name }) => name), labelsName, textNames, where }))
    }
    default:
      throw new InputError(`${path}: not a kind of data that is read; give ${KINDS}`)
  }
}

function readFolder(path: string, inputs: readonly ResolvedInput[], options: SampleOptions): readonly Sample[] {
  if (existsSync(join(path, 'inputs.json'))) return readFile(join(path, 'inputs.json'), inputs, options)
  const entries = inOrder(readdirSync(path))
  const sets = entries.filter((name) => /^test_data_set_\d+$/.test(name)).map((name) => join(path, name))
  if (sets.length > 0 || entries.includes('input_0.pb')) {
    const folders = sets.length > 0 ? sets : [path]
    return folders.slice(0, options.limit).flatMap((folder) => samplesOf(readTestDataSet(folder, inputs), inputs, options))
  }
  const files = entries.filter((name) => /\.(npy|npz|pb|csv|tsv|wav)$/i.test(name))
  const pictures = picturesIn(path, inputs, options.labelsName).slice(0, options.limit)
  const arrays = files.filter((name) => !isLabels(name, options.labelsName)).slice(0, options.limit)
  const records =
    pictures.length > 0
      ? readPictures(path, pictures, inputs, { numbers: options.pictures() })
      : arrays.flatMap((name) => recordsOf(join(path, name), inputs, null, /\.[ct]sv$/i.test(name)))
  const samples = records.flatMap((record) => samplesOf(record, inputs, { ...options, labelsName: null }))
  if (samples.length === 0) throw new InputError(`${path}: nothing in this folder that is read; give ${KINDS}`)
  const labelsFile = files.find((name) => isLabels(name, options.labelsName) && name.endsWith('.npy'))
  if (labelsFile === undefined) return samples
  const labels = readNpy(bytesOf(join(path, labelsFile)), labelsFile)
  if ((labels.shape[0] ?? 0) < samples.length) {
    throw new InputError(`${labelsFile}: ${labels.shape[0] ?? 0} labels for ${samples.length} samples; give one a sample`)
  }
  return samples.map((sample, index) => ({ ...sample, labels: rowsOf(labels, index, index + 1) }))
}

/** A note about an array that is taken for the only input by its place. */
const noteOfName = ({ renamed }: Sample, inputs: readonly ResolvedInput[]): string | null =>
  renamed === undefined ? null : `the array '${shorten(renamed, 30)}' was used as the input '${inputs[0]!.name}', the only one`

/** A note about a .wav file, or about the first in a folder. */
function noteOfSound(path: string, inputs: readonly ResolvedInput[]): string | null {
  const first = statOf(path).isDirectory() ? readdirSync(path).find(isSound) : basename(path)
  if (first === undefined || !isSound(first)) return null
  return soundNote(readWav(bytesOf(statOf(path).isDirectory() ? join(path, first) : path), first), inputs)
}

/**
 * Names of a folder's images, or of those in its class folders: one of each in turn, so that few are of all, or, if labels must match
 * them, class by class. None if there are arrays next to them. Tables and notes next to images describe them, and are the data only if no input has the axes of an
 * image.
 */
export function picturesIn(path: string, inputs: readonly ResolvedInput[], labelsName: string | null): readonly string[] {
  if (!statOf(path).isDirectory()) return []
  const entries = inOrder(readdirSync(path))
  const takesPictures = inputs.some(({ shape }) => shape.length === 4)
  const data = takesPictures ? /^inputs\.json$|\.(npy|npz|pb|wav)$/i : /\.(npy|npz|pb|json|csv|tsv|wav)$/i
  if (entries.some((name) => data.test(name) && !isLabels(name, labelsName))) return []
  const own = entries.filter(isPicture)
  if (own.length > 0 || !takesPictures) return own
  const classes = entries.map((folder) =>
    namesInside(join(path, folder))
      .filter(isPicture)
      .map((name) => join(folder, name)),
  )
  if (entries.some((name) => isLabels(name, labelsName))) return classes.flat()
  const longest = Math.max(0, ...classes.map(({ length }) => length))
  return Array.from({ length: longest }, (_, k) => classes.flatMap((names) => names[k] ?? [])).flat()
}

/** None of what is not a folder, or cannot be read. */
function namesInside(folder: string): readonly string[] {
  try {
    return inOrder(readdirSync(folder))
  } catch {
    return []
  }
}

const isLabels = (name: string, labelsName: string | null): boolean =>
  [labelsName, 'labels'].some((label) => label !== null && basename(name, extname(name)) === label)

/** One folder of ONNX's backend tests: input_0.pb is the first input, and so on; a name inside the file goes first. */
function readTestDataSet(folder: string, inputs: readonly ResolvedInput[]): DataRecord {
  const tensors = new Map<string, TensorValue>()
  const files = inOrder(readdirSync(folder)).filter((name) => /^input_\d+\.pb$/.test(name))
  for (const file of files) {
    const { name, tensor } = readPb(bytesOf(join(folder, file)), `${basename(folder)}/${file}`)
    const byPlace = inputs[Number(file.match(/\d+/)![0])]
    const input = inputs.find((candidate) => candidate.name === name) ?? byPlace
    if (input !== undefined) tensors.set(input.name, tensor)
  }
  return { tensors, stacked: false, where: basename(folder) }
}

function readSaved(path: string): readonly Feeds[] | undefined {
  const start = textOf(path).slice(0, 4096)
  return /^\s*\{\s*"samples"\s*:\s*\[\s*\[/.test(start) && start.includes('"file"') ? loadInputs(path) : undefined
}

const asRecord = (feeds: Feeds, path: string): DataRecord => ({
  tensors: new Map(Object.entries(feeds)),
  stacked: false,
  where: basename(path),
})

/** 'img2' before 'img10'. */
const inOrder = (names: readonly string[]): readonly string[] =>
  [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))

function statOf(path: string) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new InputError(`${path}: there is no such file or folder; give --data ${KINDS}`)
  return stat
}

function bytesOf(path: string): Uint8Array<ArrayBuffer> {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}); check the file`)
  }
}

const textOf = (path: string): string => new TextDecoder().decode(bytesOf(path))
