// The options by which every command that measures is told of the model, its inputs and the engine.
import { stateOf } from './path-state.ts'
import type { WhyOptions } from './stages.ts'
import { UsageError } from './usage-error.ts'
import { checkFolder } from './write-file.ts'

/** Parsed: lists may be absent, numbers are in the stages' units. */
export interface ModelFlags {
  readonly shape?: ReadonlyMap<string, readonly number[]>
  readonly value?: ReadonlyMap<string, string>
  readonly data?: string
  readonly labels?: string
  readonly batch?: number
  readonly threads?: number
  readonly engine?: string
  readonly seconds?: number
  readonly quick?: boolean
  readonly ort?: string
  readonly browser?: string
  readonly graphOptimization: WhyOptions['graphOptimization']
  readonly config?: ReadonlyMap<string, string>
  readonly saveInputs?: string
  readonly cache: boolean
  readonly refresh?: boolean
  readonly memoryLimit?: number
  readonly progress: boolean
}

/** Without the engine where none was named. */
export function modelOptions(
  flags: ModelFlags,
): Omit<WhyOptions, 'engine' | 'trials' | 'onProgress' | 'signal'> & Partial<Pick<WhyOptions, 'engine'>> {
  return {
    shapes: flags.shape ?? new Map(),
    values: flags.value ?? new Map(),
    data: flags.data ?? null,
    labels: flags.labels ?? null,
    batch: flags.batch ?? null,
    threads: flags.threads ?? null,
    ...(flags.engine === undefined ? {} : { engine: flags.engine }),
    seconds: flags.seconds ?? null,
    quick: flags.quick ?? false,
    ort: flags.ort ?? null,
    browser: flags.browser ?? null,
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
export function checkModel(file: string, { ort, browser, saveInputs }: Pick<ModelFlags, 'ort' | 'browser' | 'saveInputs'>): void {
  if (stateOf(file) === undefined)
    throw new UsageError(`${file}: no such file; give the path of a model, as in: whyslow model.onnx`)
  if (ort !== undefined && stateOf(ort) === undefined) {
    throw new UsageError(`--ort ${ort}: no such folder; give the folder of an onnxruntime-node package`)
  }
  if (browser !== undefined && stateOf(browser) === undefined) {
    throw new UsageError(`--browser ${browser}: no such file; give the path of a Chromium, Chrome or Edge`)
  }
  if (saveInputs !== undefined) checkFolder(saveInputs, '--save-inputs')
}
