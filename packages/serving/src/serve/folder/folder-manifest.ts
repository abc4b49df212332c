// What a folder that `fix` wrote says of itself, as a server needs it: what its model takes and gives, and how it was found to serve best.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { InputDeclaration } from '@whyslow/measure/engines/types.ts'
import { datatypeOf, type ModelSpec, type TensorSpec } from '../protocol.ts'
import { usualQueue } from '../server-defaults.ts'

export interface FolderManifest {
  readonly model: string
  /** Packages. */
  readonly needs: readonly string[]
  /** As `fix --slo` found it. */
  readonly serving: FolderServing
  /** Threads of each session; null: as the engine chooses, or it has none. */
  readonly threads: number | null
  /** Idle threads wait busily; null: what predicts has none. */
  readonly spinning: boolean | null
  readonly inputs: readonly InputDeclaration[]
  readonly outputs: readonly InputDeclaration[]
}

export interface FolderServing {
  readonly workers: number
  readonly maxBatch: number
  readonly fewRows: number
  readonly batchDelayMs: number
  /** Requests that may wait; null: as many as if nobody says. */
  readonly queue: number | null
  /** Deadline of requests that name none; null: as long as it takes. */
  readonly deadlineMs: number | null
}

type Fields = Readonly<Record<string, unknown>>

/** `read`: the text of one of its files; throws if it is not there. Throws InputError if it is no such folder. */
export function readManifest(folder: string, read: (name: string) => string): FolderManifest {
  const parsed = (name: string) => JSON.parse(read(name))
  try {
    const { schema, model, inputs, outputs } = parsed('manifest.json')
    if (!/^whyslow-folder\/\d+$/.test(schema) || !Array.isArray(inputs) || !Array.isArray(outputs)) throw new Error()
    const needs = Object.keys(parsed('package.json').dependencies ?? {})
    return { model: String(model), needs, ...optionsIn(parsed), inputs, outputs }
  } catch {
    throw new InputError(
      `${folder}: its manifest.json is not one that whyslow fix wrote; give a folder that fix wrote, or a model`,
    )
  }
}

/** Reads options.json; a folder that says nothing has one worker, and joins nothing. */
function optionsIn(parsed: (name: string) => unknown): Pick<FolderManifest, 'serving' | 'threads' | 'spinning'> {
  let options: Fields = {}
  try {
    options = parsed('options.json') as Fields
  } catch {}
  const whole = (value: unknown) => (Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : null)
  const count = (value: unknown) => whole(value) ?? 1
  const serving = (options.serving ?? {}) as Fields
  const session = (options.session ?? null) as Fields | null
  const positive = (value: unknown) => (Number.isFinite(value) && (value as number) > 0 ? (value as number) : null)
  const threads = Number(session?.intraOpNumThreads)
  const extra = session?.extra as { readonly session?: { readonly intra_op?: { readonly allow_spinning?: unknown } } } | undefined
  return {
    serving: {
      workers: count(serving.workers),
      maxBatch: count(serving.maxBatch),
      fewRows: count(serving.fewRows ?? serving.maxBatch),
      batchDelayMs: positive(serving.batchDelayMs) ?? 0,
      queue: whole(serving.queue),
      deadlineMs: positive(serving.deadlineMs),
    },
    threads: threads > 0 ? threads : null,
    spinning: session === null ? null : extra?.session?.intra_op?.allow_spinning !== '0',
  }
}

/** What its model is, as a server tells it: the format of its file. */
export function platformOf(modelFile: string): string {
  const extension = /\.(\w+)$/.exec(modelFile)?.[1]
  return extension === 'onnx' ? 'onnx_onnxv1' : extension === 'json' ? 'whyslow_compiled' : (extension ?? '')
}

/** The default: as many as the folder was found with, if there are as many CPUs. */
export function workersOf({ serving, threads, spinning }: FolderManifest, cpus: number): number {
  const each = spinning === null ? 1 : (threads ?? cpus)
  return Math.min(serving.workers, Math.max(1, Math.floor(cpus / each)))
}

/** One line if these workers are fewer than the folder was found with; null if they are not. */
export function fewerText({ serving }: FolderManifest, workers: number, cpus: number): string | null {
  if (workers === serving.workers) return null
  return `options.json says ${serving.workers} workers, and ${cpus} CPU${cpus === 1 ? ' has' : 's have'} room for ${workers}: it serves less than where it was found`
}

/** How many may wait in front of this many workers: what the folder says is for its own number of them. */
export const queueOf = ({ workers, maxBatch, queue }: FolderServing, served: number): number =>
  queue === null ? usualQueue(served, maxBatch) : Math.ceil((queue * served) / workers)

/** Throws InputError if the protocol has no name for what the model takes. */
export function modelSpecOf(
  name: string,
  platform: string,
  { inputs, outputs }: Pick<FolderManifest, 'inputs' | 'outputs'>,
): ModelSpec {
  const spec = (declared: InputDeclaration): TensorSpec => {
    const datatype = declared.dtype === null ? undefined : datatypeOf(declared.dtype)
    if (datatype === undefined)
      throw new InputError(
        `${name}: '${declared.name}' is ${declared.dtype ?? 'of an unknown type'}, which the protocol has no name for`,
      )
    const shape = declared.shape?.map((size) => (typeof size === 'number' && size >= 0 ? size : -1)) ?? null
    return { name: declared.name, datatype, dtype: declared.dtype as DType, shape }
  }
  const given = outputs.filter(({ isTensor, dtype }) => isTensor !== false && dtype !== null && datatypeOf(dtype) !== undefined)
  return { name, version: null, platform, inputs: inputs.map(spec), outputs: given.map(spec) }
}

/** Why this many threads are too many, in one line; null if they are not. */
export function crowdedText(workers: number, threads: number | null, cpus: number): string | null {
  const each = threads ?? cpus
  if (workers * each <= cpus) return null
  const many = `${workers} worker${workers === 1 ? '' : 's'} of ${each} thread${each === 1 ? '' : 's'} for ${cpus} CPU${cpus === 1 ? '' : 's'}`
  return `${many}: they take the CPU from each other; workers times threads is best at most ${cpus}`
}
