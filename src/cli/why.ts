// `whyslow MODEL`: measures one prediction, says why it is slow. Here: paths, files and what goes to the screen.
import { renderJson } from '../report/json.ts'
import { renderTerminal } from '../report/terminal.ts'
import { formatEvidence } from './evidence-file.ts'
import { stateOf } from './path-state.ts'
import { openProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import type { Stages, WhyOptions } from './stages.ts'
import { UsageError } from './usage-error.ts'
import { checkFolder, checkTarget, type Target, writeTarget } from './write-file.ts'

/** The options of the command, parsed: lists may be absent, numbers are in the stages' units. */
export interface WhyFlags {
  readonly json?: string
  readonly shape?: ReadonlyMap<string, readonly number[]>
  readonly value?: ReadonlyMap<string, string>
  readonly data?: string
  readonly labels?: string
  readonly batch?: number
  readonly threads?: number
  readonly engine: string
  readonly seconds?: number
  readonly quick?: boolean
  readonly ort?: string
  readonly graphOptimization: WhyOptions['graphOptimization']
  readonly config?: ReadonlyMap<string, string>
  readonly saveEvidence?: string
  readonly saveInputs?: string
  readonly cache: boolean
  readonly refresh?: boolean
  readonly memoryLimit?: number
  readonly progress: boolean
}

/** Runs the command. Throws UsageError or the stages' InputError before anything is measured where input or paths cannot be used. */
export async function runWhy(
  file: string,
  flags: WhyFlags,
  screen: Screen,
  signal: AbortSignal,
  load: () => Promise<Stages>,
): Promise<void> {
  checkModel(file)
  if (flags.ort !== undefined && stateOf(flags.ort) === undefined) {
    throw new UsageError(`--ort ${flags.ort}: no such folder; give the folder of an onnxruntime-node package`)
  }
  const json = target(flags.json, '--json', file)
  const evidenceTarget = target(flags.saveEvidence, '--save-evidence', file)
  if (json !== undefined && json.path === evidenceTarget?.path) {
    throw new UsageError('--json and --save-evidence name the same file; give two names')
  }
  if (flags.saveInputs !== undefined) checkFolder(flags.saveInputs, '--save-inputs')
  const progress = openProgress(screen, flags.progress)
  const options = { ...whyOptions(flags), onProgress: progress.show, signal }

  const { why } = await load()
  const { report, evidence } = await why(file, options).finally(progress.clear)
  signal.throwIfAborted()

  const written: string[] = []
  if (json !== undefined) {
    writeTarget(json, renderJson(report), '--json')
    written.push(`report document: ${flags.json}`)
  }
  if (evidenceTarget !== undefined) {
    writeTarget(evidenceTarget, formatEvidence(evidence), '--save-evidence')
    written.push(`evidence: ${flags.saveEvidence}`)
  }
  await screen.print(flags.json === '-' ? renderJson(report) : renderTerminal(report, screen))
  if (written.length > 0) screen.say(`whyslow: wrote ${written.join(', ')}\n`)
}

function whyOptions(flags: WhyFlags): Omit<WhyOptions, 'onProgress' | 'signal'> {
  return {
    shapes: flags.shape ?? new Map(),
    values: flags.value ?? new Map(),
    data: flags.data ?? null,
    labels: flags.labels ?? null,
    batch: flags.batch ?? null,
    threads: flags.threads ?? null,
    engine: flags.engine,
    seconds: flags.seconds ?? null,
    quick: flags.quick ?? false,
    ort: flags.ort ?? null,
    graphOptimization: flags.graphOptimization,
    configEntries: Object.fromEntries(flags.config ?? []),
    saveInputs: flags.saveInputs ?? null,
    cache: cacheUse(flags),
    memoryLimitBytes: flags.memoryLimit ?? null,
  }
}

function cacheUse({ cache, refresh }: WhyFlags): WhyOptions['cache'] {
  if (!cache && refresh) throw new UsageError('--no-cache and --refresh exclude each other; give one of them')
  if (!cache) return 'off'
  return refresh ? 'refresh' : 'use'
}

function checkModel(file: string): void {
  if (stateOf(file) === undefined)
    throw new UsageError(`${file}: no such file; give the path of a model, as in: whyslow model.onnx`)
}

/** undefined where no file is asked for: the option is absent or '-', which is standard output. */
function target(path: string | undefined, flag: string, model: string): Target | undefined {
  if (path === undefined) return undefined
  if (path !== '-') return checkTarget(path, flag, model)
  if (flag !== '--json') throw new UsageError(`${flag} -: only --json writes to standard output; give the name of a file`)
  return undefined
}
