// `whyslow generate`: several fresh processes measure a generator; what memory allows and what a call is made of are measured apart; then the
// medians are divided, rules look at them, and the document is made.
import { limitsOf, machineOf } from '@whyslow/command/limits.ts'
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import { median } from '@whyslow/measure/statistics/index.ts'
import { measureHandoff } from '@whyslow/measure/timing/handoff.ts'
import { levelThatHolds, readBandwidthTask } from '@whyslow/measure/timing/read-bandwidth.ts'
import { type Limits, trialLimits } from '@whyslow/measure/trials/limits.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import type { GenerationDocument } from '@whyslow/report/documents/generation.ts'
import { addressName, withoutPasswords } from '@whyslow/report/text/addresses.ts'
import type { Bandwidth } from '../../divide/floor.ts'
import { firstTokenLoop, tokenLoop } from '../../divide/loop-times.ts'
import type { StepProfile } from '../../divide/step-profile.ts'
import { addressOf, probesOf } from '../../engines/address/server.ts'
import { generatorEngines } from '../../engines/index.ts'
import { elementsRead } from '../../estimate/estimate.ts'
import { kernelRatesTask } from '../../estimate/kernel-rates.ts'
import type { GenerationFacts, KernelRates, ThreadsFact } from '../../facts.ts'
import type { GeneratorEngine, GeneratorOptions } from '../../generator.ts'
import { threadsIn } from '../../measure/summarize.ts'
import { measureTask } from '../../measure/task.ts'
import type { ProcessMeasurement } from '../../measure/types.ts'
import { threadCounts } from '../../thread-counts.ts'
import { typesInFloat32 } from '../../weights.ts'
import { chooseEngine } from './choose-engine.ts'
import { defaultThreadsInWords, TRY_MS } from './default-threads.ts'
import { documentOf, type Outcome, tokensOf } from './document.ts'
import { graphFacts } from './facts.ts'
import { ggufFacts } from './gguf-facts.ts'
import { GENERATE_DEFAULTS, type GenerateOptions } from './options.ts'
import { planOf, planOfProcess, planOfSweep, planOfTry, type RunPlan, requestsOf } from './plan.ts'
import { profileStep, type Step } from './profile-step.ts'
import { promptsFor, type UsersPrompts } from './prompts-for.ts'
import { recognizeSource } from './recognize.ts'
import type { RecognizedSource, StepGraph } from './recognized.ts'
import { sweepThreads } from './thread-sweep.ts'

/** Reading memory to know its bandwidth, ms. */
const BANDWIDTH_MS = 400
/** Native code of a large model may take long for a single call. */
const PROCESS_LIMIT_MS = 900_000
const STEP_MS = { full: 1500, quick: 600 } as const

/** For tests: what opens generators, in place of all that there are. */
export interface GeneratePorts {
  readonly engines: readonly GeneratorEngine[]
  readonly recognize: (source: string, dtype: string | null) => Promise<RecognizedSource>
  /** One handoff between two threads, ns. */
  readonly handoffNs: () => Promise<number | null>
}

const PORTS: GeneratePorts = { engines: generatorEngines, recognize: recognizeSource, handoffNs: measureHandoff }

/** Throws InputError if the target or the options cannot be used, and the signal's reason if it is aborted. */
export async function generate(
  target: string,
  given: Partial<GenerateOptions> = {},
  { engines, recognize, handoffNs }: GeneratePorts = PORTS,
): Promise<GenerationDocument> {
  const options = { ...GENERATE_DEFAULTS, ...given }
  const { trials, onProgress: progress = () => {} } = options
  const named = engines.find(({ id }) => id === options.engine)
  // An engine that reads other weights has names of its own, not those of files.
  const recognizedAs = await recognize(target, named?.otherWeights === undefined ? options.dtype : null)
  const isAddress = recognizedAs.kind === 'address'
  const { prompts, sounds } = options.prompts === null ? NO_PROMPTS : promptsFor(recognizedAs, options.prompts)
  const probes = isAddress ? probesOf(addressOf(recognizedAs.source)) : null
  const plan = completed(planOf(options, probes, prompts), { vocabulary: recognizedAs.model.vocabulary, sounds })
  // What an encoder reads is not in the decoder's context.
  const fed = prompts === null && recognizedAs.reads === undefined ? options.promptTokens : null
  checkContext(recognizedAs, { ...options, promptTokens: fed })
  const own: GeneratorOptions = {
    ...{ threads: options.threads, prefillThreads: options.prefillThreads, dtype: options.dtype, pythonPath: options.python },
    mostRequests: Math.max(1, Math.floor(options.mostRequests / plan.processes)),
  }
  const engine = await chooseEngine(engines, { ...recognizedAs, id: options.engine, options: own, folder: process.cwd() })
  const found = asRead(recognizedAs, engine)
  const machine = machineOf(trials)
  const run: Run = { found, engine, options, own, plan, machine, limits: limitsOf(machine, options), progress, handoffNs }
  if (probes !== null) progress({ stage: `at most ${requestsOf(plan, probes)} requests to the address`, done: 0, of: 1 })
  if (isAddress) return documentOf(await measured(run, null, []))
  return inTemporaryFolder((folder) => {
    const unlocked: string[] = []
    return withMachineLock({ trials, progress }, async () => documentOf(await measured(run, folder, unlocked)), unlocked)
  })
}

interface Run {
  readonly found: RecognizedSource
  readonly engine: GeneratorEngine
  readonly options: GenerateOptions
  readonly own: GeneratorOptions
  readonly plan: RunPlan
  readonly machine: Machine
  readonly limits: Limits
  readonly progress: NonNullable<GenerateOptions['onProgress']>
  readonly handoffNs: GeneratePorts['handoffNs']
}

interface Completion {
  readonly vocabulary: number | null
  readonly sounds: readonly string[] | null
}

const completed = (plan: RunPlan, { vocabulary, sounds }: Completion): RunPlan => ({
  ...plan,
  measured: { ...plan.measured, vocabulary, ...(sounds === null ? {} : { sounds }) },
})

/** What is known of the file that was recognized is said only of an engine that reads it. */
function asRead(found: RecognizedSource, { title, otherWeights }: GeneratorEngine): RecognizedSource {
  if (otherWeights === undefined) return found
  const unknown = { dtype: null, cacheDtype: null, bytesPerToken: null, cacheBytesPerToken: null }
  const reason = `${title} runs ${otherWeights}, not the ONNX file, and shows no times of operators`
  return { ...found, model: { ...found.model, ...unknown }, step: async () => reason }
}

type Needed = Pick<GenerateOptions, 'newTokens'> & { readonly promptTokens: number | null }

/** How long the user's own prompts are is not known before they are tokenized: `promptTokens` null. */
function checkContext({ source, model: { context } }: RecognizedSource, { promptTokens, newTokens }: Needed): void {
  if (context === null || (promptTokens ?? 1) + newTokens <= context) return
  const [needs, give] =
    promptTokens === null
      ? [`${newTokens} new tokens after a prompt`, `--new-tokens ${Math.max(1, context >> 1)}`]
      : [`${promptTokens} tokens of prompt and ${newTokens} new ones`, `--prompt-tokens ${Math.max(1, context - newTokens)}`]
  throw new InputError(`${source}: ${needs} are more than its context of ${context}; give ${give}`)
}

/** `folder` null: nothing of this machine is measured. */
async function measured(run: Run, folder: string | null, warnings: readonly string[]): Promise<Outcome> {
  const { found, engine, plan, machine, options } = run
  const processes = await measureProcesses(run)
  const known = threadsIn(processes.measured, options)
  const threads = known ?? Math.min(machine.usableCpus, machine.physicalCores ?? machine.usableCpus)
  const bandwidth = folder === null ? 'it is not of this machine' : await bandwidthOf(run, threads)
  const steps = folder === null ? null : await profiledSteps(run, folder, processes.measured)
  const sweep =
    folder === null
      ? 'one request is sent at a time, whatever its server runs on'
      : await threadsOf(run, threads, processes.measured)
  return {
    ...{ found, engine, plan, machine, options, processes: processes.measured, bandwidth },
    absent: typeof sweep === 'string' ? { threads: sweep } : {},
    token: steps?.token ?? 'the model is behind an address',
    firstToken: steps?.firstToken ?? 'the model is behind an address',
    facts: { ...steps?.facts, ...(typeof sweep === 'string' ? {} : { threads: sweep }) },
    kernelRates: steps !== null && engine.usesOrtKernels ? await kernelRatesOf(run, steps.facts) : {},
    handoffMs: folder === null || threads < 2 ? null : inMs(await run.handoffNs()),
    warnings: [...warnings, ...processes.warnings, ...promptWarnings(run), ...(await threadWarnings(run, processes.measured))],
  }
}

const NO_PROMPTS: UsersPrompts = { prompts: null, sounds: null }
/** `fix` tries other numbers itself, after a quick measurement. */
async function threadsOf(
  run: Run,
  usedCount: number,
  processes: readonly ProcessMeasurement[],
): Promise<readonly ThreadsFact[] | string> {
  const { options, machine, plan, found, engine, own, limits, progress } = run
  if (options.quick) return 'other numbers of threads are not measured with --quick'
  progress({ stage: 'other numbers of threads', done: 0, of: 1 })
  return sweepThreads(
    { used: threadsIn(processes, options), usedCount, counts: threadCounts(machine.usableCpus), processes },
    async (threads, process) => {
      const setup = threads === null ? own : { ...own, threads, prefillThreads: null }
      const input = { engine: engine.id, source: found.source, options: setup, plan: planOfSweep(plan, process) }
      const trial = await options.trials.run(measureTask, input, { ...trialLimits(limits, 0), timeMs: PROCESS_LIMIT_MS })
      return trial.outcome === 'measured' ? trial.value : null
    },
  )
}

const inMs = (ns: number | null): number | null => (ns === null ? null : ns / 1e6)

async function measureProcesses({ found, engine, options, own, plan, limits, progress }: Run) {
  const measured: ProcessMeasurement[] = []
  const warnings: string[] = []
  const { processes } = plan
  for (let k = 0; k < processes && !isEnough(measured, plan); k++) {
    progress({ stage: 'measuring tokens, process', done: k, of: processes })
    const input = { engine: engine.id, source: found.source, options: own, plan: planOfProcess(plan, k) }
    const trial = await options.trials.run(measureTask, input, { ...trialLimits(limits, 0), timeMs: PROCESS_LIMIT_MS })
    if (trial.outcome === 'measured') {
      measured.push(trial.value)
      continue
    }
    const reason = withoutPasswords(reasonInWords(trial), { addresses: [found.source] })
    if (measured.length === 0) throw new InputError(withName(addressName(found.source), reason))
    warnings.push(`a process did not measure anything: ${reason}`)
  }
  return { measured, warnings }
}

/** An engine may have named the file or the address already. */
const withName = (name: string, reason: string): string =>
  reason.startsWith(`${name}: `) || /^https?:\/\/\S+: /.test(reason) ? reason : `${name}: ${reason}`

/** Enough processes if the warm calls of each take longer than SLOW_PROCESS_MS. */
const LEAST_PROCESSES = 3
const SLOW_PROCESS_MS = 20_000

function isEnough(measured: readonly ProcessMeasurement[], { totalMs }: RunPlan): boolean {
  if (measured.length === 0) return false
  const tookMs = measured.reduce((sum, one) => sum + one.tookMs, 0)
  if (totalMs !== null && tookMs + tookMs / measured.length > totalMs) return true
  if (measured.length < LEAST_PROCESSES) return false
  return median(measured.map(({ calls }) => calls.reduce((ms, one) => ms + one.totalMs, 0))) > SLOW_PROCESS_MS
}

async function bandwidthOf(
  { found, engine, options, machine, limits, progress }: Run,
  wanted: number,
): Promise<Bandwidth | string> {
  const threads = Math.min(wanted, machine.usableCpus)
  const { bytesPerToken } = found.model
  if (engine.otherWeights !== undefined)
    return `${engine.title} reads ${engine.otherWeights}, not the ONNX file, and their bytes are not counted`
  if (bytesPerToken === null) return 'the model does not say how many bytes a token reads'
  progress({ stage: 'how fast memory is read', done: 0, of: 1 })
  const input = { bytes: bytesPerToken, threads, ms: BANDWIDTH_MS }
  const trial = await options.trials.run(readBandwidthTask, input, trialLimits(limits, BANDWIDTH_MS))
  if (trial.outcome !== 'measured') return `reading memory could not be timed: ${reasonInWords(trial)}`
  if (trial.value === null) return 'WebAssembly SIMD, which reads memory, is not available'
  return { bytesPerSecond: trial.value, level: levelThatHolds(bytesPerToken, threads, machine.caches), threads }
}

/** Bytes of weights of each type that the engine's kernels multiply a second; none if it cannot be timed. */
async function kernelRatesOf(
  { found: { model }, options, limits, progress }: Run,
  { weights = [] }: GenerationFacts,
): Promise<KernelRates> {
  const elements = elementsRead({ model, weights })
  if (elements === undefined) return {}
  progress({ stage: 'kernels for other types of weights', done: 0, of: 1 })
  const input = { elements, threads: options.threads, inFloat32: typesInFloat32(weights), sampleMs: BANDWIDTH_MS }
  const trial = await options.trials.run(kernelRatesTask, input, trialLimits(limits, 5 * BANDWIDTH_MS))
  return trial.outcome === 'measured' ? trial.value : {}
}

interface Steps {
  readonly token: StepProfile | string
  readonly firstToken: StepProfile | string
  readonly facts: GenerationFacts
}

async function profiledSteps(
  { found, engine, options, own, limits, progress }: Run,
  folder: string,
  processes: readonly ProcessMeasurement[],
): Promise<Steps> {
  const step = await found.step(own)
  if (typeof step === 'string')
    return { token: step, firstToken: step, facts: found.kind === 'gguf' ? ggufFacts(found.source) : {} }
  if (engine.runsGraph === undefined) {
    const reason = `${engine.title} shows no times of operators`
    const isInPlace = engine.writesInPlace === true && step.canBeInPlace === true
    return { token: reason, firstToken: reason, facts: graphFacts({ ...step, isInPlace }, null) }
  }
  const { quick, trials } = options
  const profiling = { run: trials.run, limits, folder, sampleMs: quick ? STEP_MS.quick : STEP_MS.full }
  const calls = processes.flatMap((process) => process.calls)
  const encoded = calls[0]?.encoded
  const positions = encoded === undefined ? {} : { positions: encoded.positions }
  const one = (asked: Step, { model, graph } = step as Pick<StepGraph, 'model' | 'graph'>) =>
    profileStep(model, graph, { ...asked, ...positions }, profiling)
  // The user's prompts are as long as they are.
  const { promptTokens, newTokens } = tokensOf(calls, options)
  progress({ stage: 'a token by its operators', done: 0, of: 2 })
  const token = await one({ depth: Math.round(promptTokens + newTokens / 2), tokens: 1, paceMs: tokenLoop(calls, []).runMs })
  progress({ stage: 'the first token by its operators', done: 1, of: 2 })
  const first = { depth: 0, tokens: promptTokens, paceMs: firstTokenLoop(calls, []).runMs }
  const firstToken = await one(first, step.first)
  const shown = { ...step, ...positions }
  return { token, firstToken, facts: graphFacts(shown, typeof token === 'string' ? null : token) }
}

function promptWarnings({ plan }: Run): string[] {
  const { prompts, mostCalls } = plan.measured
  if (prompts === null || prompts.length > mostCalls) return []
  return ['there are fewer prompts than calls of a process: some came again, and a cache of prefixes may have held them']
}

/** The package's own number of threads, if there are fewer CPUs: one short process, which is ended if it takes long. */
async function threadWarnings(run: Run, processes: readonly ProcessMeasurement[]): Promise<string[]> {
  const { engine, found, own, plan, options, limits, progress } = run
  const threads = processes[0]?.defaultThreads
  if (threads === undefined) return []
  progress({ stage: `${threads} threads, as ${engine.title} starts by itself`, done: 0, of: 1 })
  const input = { engine: engine.id, source: found.source, options: { ...own, threads }, plan: planOfTry(plan) }
  const trial = await options.trials.run(measureTask, input, { ...trialLimits(limits, 0), timeMs: TRY_MS })
  return [defaultThreadsInWords({ title: engine.title, threads, trial, processes, usableCpus: run.machine.usableCpus })]
}
