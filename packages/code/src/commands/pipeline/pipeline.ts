// `whyslow pipeline FILE`: the user's own code around the model. Three processes are timed, one is profiled, one is looked at; what they
// tell is diagnosed, and where predict runs a model file, that is measured alone.
import path from 'node:path'
import { limitsOf, machineOf } from '@whyslow/command/limits.ts'
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import type { Why } from '@whyslow/command/why-port.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { assembleEvidence, type Passes } from '../../assemble.ts'
import { diagnosePipeline } from '../../diagnose.ts'
import type { PassResult } from '../../driver.ts'
import type { PipelineEvidence } from '../../evidence.ts'
import type { DriverCommand } from '../../language.ts'
import type { Pass, Plan } from '../../protocol.ts'
import { tokenizerDominates } from '../../rules/tokenizer-dominates.ts'
import { innerModel } from './inner-model.ts'
import { PIPELINE_DEFAULTS, type PipelineOptions } from './options.ts'
import { pipelineReport } from './pipeline-report.ts'
import { scriptRuns } from './script-runs.ts'
import { sourceSince } from './source-lines.ts'
import { type TargetFile, targetFile } from './target-file.ts'

const TIMED_PROCESSES = 3
const SECONDS = 2
const QUICK_SECONDS = 0.7
const WARM_UP_SHARE = 0.25
/** Timed calls in each process at least, however long they are. */
const MIN_CALLS = 6
const INTERVAL_US = 500
/** A whole pass, whatever it does; a script may be long. */
const LONGEST_PASS_MS = 1_800_000
/** Nobody waits a minute for one prediction. */
const STALL_SECONDS = 60
/** A script, an import or `load` that is at work, without a named limit. */
const BUSY_MS = 300_000
/** Share of the time without progress: an application that marks its stages is reported as it is, and has not hung. */
const OPEN_END_SHARE = 0.8

export interface PipelineFound {
  readonly report: ReportDocument
  readonly evidence: PipelineEvidence
}

/**
 * Measures the user's code in `given` and says what is slow in it. Throws InputError if it cannot be used or fails, and the signal's
 * reason if it is aborted.
 */
export async function pipeline(
  given: string,
  options: Partial<PipelineOptions>,
  { why }: { readonly why: Why },
): Promise<PipelineFound> {
  const all = { ...PIPELINE_DEFAULTS, ...options }
  const target = targetFile(given, all.call)
  const command = await target.side.command(target.file, { python: all.python, signal: all.signal })
  return inTemporaryFolder(async (folder) => {
    const unlocked: string[] = []
    const { trials, onProgress: progress = () => {} } = all
    return withMachineLock({ trials, progress }, () => measured({ given, target, command, folder, unlocked, why }, all), unlocked)
  })
}

interface Opened {
  readonly given: string
  readonly target: TargetFile
  readonly command: DriverCommand
  readonly folder: string
  readonly why: Why
  /** A warning if there is no lock to be had. */
  readonly unlocked: readonly string[]
}

async function measured(opened: Opened, options: PipelineOptions): Promise<PipelineFound> {
  const { given, target, folder, unlocked, command } = opened
  const startedMs = Date.now()
  const passes = await runPasses(opened, options)
  const patterns = (await target.side.patterns?.(target.file)) ?? []
  const machine = machineOf(options.trials)
  const { usableCpus } = machine
  const found = command.from === undefined ? {} : { from: command.from }
  const asked = { language: target.side.language, file: given, call: target.call, patterns, usableCpus, found }
  const assembled = assembleEvidence(passes, asked)
  const { data, python, replace, tokenize, arguments: words, signal } = options
  let more = 0
  const onRun = () => void more++
  const place = { file: target.file, call: target.call, data, python, arguments: words, onRun, folder, signal }
  const [verdict] = diagnosePipeline(assembled, [tokenizerDominates])
  const tokenizers = replace === null || verdict?.verdict !== 'found' ? [] : await tokenize(assembled, place)
  const plain = { ...assembled, alternatives: [...assembled.alternatives, ...tokenizers] }
  const replacements = replace === null ? [] : await replace(plain, place)
  const warnings = [...unlocked, ...scriptRuns(passes, plain.target, more), ...plain.warnings]
  const evidence = { ...plain, replacements, warnings }
  const inner = options.inner ? await innerModel(evidence, options, opened.why) : { reason: 'it was not asked for' }
  return { evidence, report: pipelineReport(evidence, machine, inner, sourceSince(startedMs)) }
}

async function runPasses(opened: Opened, options: PipelineOptions): Promise<Passes> {
  const { quick, onProgress } = options
  const processes = quick ? 1 : TIMED_PROCESSES
  const of = processes + 2
  let done = 0
  const next = async (pass: Pass, stage: string): Promise<PassResult> => {
    onProgress?.({ stage, done: done++, of })
    return onePass(pass, opened, options)
  }
  const timed: PassResult[] = []
  for (let number = 0; number < processes; number++) {
    const result = await next('time', 'timing the stages')
    timed.push(result)
    // A script runs once, as it is, and that run tells all.
    if (result.messages.some(({ kind }) => kind === 'lines')) return { timed, profiled: result, observed: result }
    // What failed once fails again, and a hang takes its time.
    if (result.failure !== null) break
  }
  if (timed.every(({ failure }) => failure !== null)) return { timed, profiled: timed[0]!, observed: timed[0]! }
  const profiled = await next('profile', 'profiling lines')
  const observed = await next('facts', 'looking at calls and values')
  if (!callsTorch(observed)) return { timed, profiled, observed }
  return { timed, profiled, observed, torch: await next('torch', "dividing the PyTorch model's time by module") }
}

const callsTorch = ({ messages }: PassResult): boolean =>
  messages.some((one) => one.kind === 'sessions' && one.sessions.some(({ engine }) => engine === 'pytorch'))

async function onePass(pass: Pass, { target, command, folder }: Opened, options: PipelineOptions): Promise<PassResult> {
  const seconds = options.seconds ?? (options.quick ? QUICK_SECONDS : SECONDS)
  const stallMs = (options.stallSeconds ?? STALL_SECONDS) * 1000
  const plan: Omit<Plan, 'stateFile'> = {
    pass,
    file: target.file,
    call: target.call,
    data: options.data === null ? null : path.resolve(options.data),
    arguments: options.arguments,
    budgetMs: seconds * 1000,
    warmUpMs: seconds * 1000 * WARM_UP_SHARE,
    minCalls: MIN_CALLS,
    intervalUs: INTERVAL_US,
    importTimes: options.imports,
    openEndMs: stallMs * OPEN_END_SHARE,
  }
  const limits = {
    ...limitsOf(machineOf(options.trials), options),
    stallMs,
    // Who names a limit means it.
    ...(options.stallSeconds === null && { busyMs: BUSY_MS }),
    timeMs: Math.max(LONGEST_PASS_MS, stallMs),
  }
  const result = await options.run(command, plan, { limits, folder })
  if (result.failure?.how === 'not-started')
    throw new InputError(`${command.executable} could not be started: ${result.failure.reason}`)
  const messages = (await target.side.complete?.(result.messages, target.file)) ?? result.messages
  const failed = messages.findLast((message) => message.kind === 'failed')
  const failure = result.failure === null || failed === undefined ? result.failure : { ...result.failure, place: failed.place }
  return { ...result, messages, failure }
}
