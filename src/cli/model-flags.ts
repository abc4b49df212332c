// The options by which every command that measures is told of the model, its inputs and the engine.
import path from 'node:path'
import { stateOf } from './path-state.ts'
import type { WhyOptions } from './stages.ts'
import { UsageError } from './usage-error.ts'
import { checkFolder } from './write-file.ts'

/** Of what is predicted with. */
export interface InputFlags {
  readonly shape?: ReadonlyMap<string, readonly number[]>
  readonly value?: ReadonlyMap<string, string>
  readonly data?: string
  readonly labels?: string
  readonly pictures?: string
  readonly batch?: number
}

/** Parsed: lists may be absent, numbers are in the stages' units. */
export interface ModelFlags extends InputFlags {
  readonly signature?: string
  readonly threads?: number
  readonly engine?: string
  readonly seconds?: number
  readonly quick?: boolean
  readonly ort?: string
  readonly browser?: string
  readonly openvino?: string
  readonly litert?: string
  readonly python?: string
  readonly graphOptimization: WhyOptions['graphOptimization']
  readonly config?: ReadonlyMap<string, string>
  readonly saveInputs?: string
  readonly cache: boolean
  readonly refresh?: boolean
  readonly memoryLimit?: number
  readonly progress: boolean
}

export const inputOptions = (flags: InputFlags) => ({
  shapes: flags.shape ?? new Map<string, never>(),
  values: flags.value ?? new Map<string, never>(),
  data: flags.data ?? null,
  labels: flags.labels ?? null,
  pictures: flags.pictures ?? null,
  batch: flags.batch ?? null,
})

/** Without the engine where none was named. */
export function modelOptions(
  flags: ModelFlags,
): Omit<WhyOptions, 'engine' | 'trials' | 'onProgress' | 'signal'> & Partial<Pick<WhyOptions, 'engine'>> {
  return {
    ...inputOptions(flags),
    signature: flags.signature ?? null,
    threads: flags.threads ?? null,
    ...(flags.engine === undefined ? {} : { engine: flags.engine }),
    seconds: flags.seconds ?? null,
    quick: flags.quick ?? false,
    ort: flags.ort ?? null,
    browser: flags.browser ?? null,
    openvino: flags.openvino ?? null,
    litert: flags.litert ?? null,
    python: flags.python ?? null,
    graphOptimization: flags.graphOptimization,
    configEntries: Object.fromEntries(flags.config ?? []),
    saveInputs: flags.saveInputs ?? null,
    cache: cacheUse(flags),
    memoryLimitBytes: flags.memoryLimit ?? null,
  }
}

function cacheUse({ cache, refresh }: ModelFlags): WhyOptions['cache'] {
  if (!cache && refresh) throw new UsageError('--no-cache and --refresh exclude each other; give one of them')
  if (!cache) return 'off'
  return refresh ? 'refresh' : 'use'
}

/** Throws UsageError where the model or the engine's package is not there, or the inputs cannot be kept. */
export function checkModel(file: string, flags: PlaceFlags & Pick<ModelFlags, 'saveInputs'>): void {
  if (stateOf(file) === undefined)
    throw new UsageError(`${file}: no such file; give the path of a model, as in: whyslow model.onnx`)
  checkPlaces(flags)
  if (flags.saveInputs !== undefined) checkFolder(flags.saveInputs, '--save-inputs')
}

export type PlaceFlags = Pick<ModelFlags, 'ort' | 'browser' | 'openvino' | 'litert' | 'python'>

/** Throws UsageError where what an engine is to be taken from is not there. */
export function checkPlaces({ ort, browser, openvino, litert, python }: PlaceFlags): void {
  const places = [
    ['--ort', ort, 'folder', 'the folder of an onnxruntime-node package'],
    ['--browser', browser, 'file', 'the path of a Chromium, Chrome or Edge'],
    ['--openvino', openvino, 'folder', "the folder of OpenVINO's libraries, or of a Python environment that has it"],
    ['--litert', litert, 'folder', "the folder of LiteRT's library, or of a Python environment that has it"],
    ['--python', python, 'file', 'the path of a Python interpreter, or the folder of its environment'],
  ] as const
  for (const [flag, place, kind, next] of places)
    if (place !== undefined && stateOf(place) === undefined && !(flag === '--python' && isCommand(place)))
      throw new UsageError(`${flag} ${place}: no such ${kind}; give ${next}`)
}

/** Found on the path, as a shell does. */
function isCommand(named: string): boolean {
  if (/[\\/]/.test(named)) return false
  const files = process.platform === 'win32' ? [named, `${named}.exe`] : [named]
  const folders = process.env.PATH?.split(path.delimiter).filter(Boolean) ?? []
  return folders.some((folder) => files.some((file) => stateOf(path.join(folder, file)) !== undefined))
}
