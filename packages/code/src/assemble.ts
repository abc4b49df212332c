// From what the passes told to one document of evidence.
import { InputError } from '@whyslow/graph/input-error.ts'
import { median, medianOrNull, p50Interval, turnTimes } from '@whyslow/measure/statistics/index.ts'
import type { TorchFacts, TorchSection } from '@whyslow/report/documents/report-torch.ts'
import type { PassResult } from './driver.ts'
import type { PipelineEvidence, PipelineLatency, Stage } from './evidence.ts'
import type {
  AlternativeFact,
  CallFact,
  Language,
  LineFact,
  PairedAlternative,
  PatternName,
  ProcessFacts,
  SourcePattern,
  StageFact,
} from './facts.ts'
import { failureSentence, refusal } from './failure.ts'
import { partition, partitionScript, timingOverhead } from './partition.ts'
import type { Block, Message, Target } from './protocol.ts'
import { stageFacts } from './stage-facts.ts'
import { dispatchOf } from './torch.ts'

export interface Passes {
  /** Results of the passes; at least one did not fail. */
  readonly timed: readonly PassResult[]
  readonly profiled: PassResult
  readonly observed: PassResult
  /** What is told of a program that calls a PyTorch model. */
  readonly torch?: PassResult
}

export interface PipelineQuestion {
  readonly language: Language
  /** As the user wrote it. */
  readonly file: string
  readonly call: string | null
  /** What the source says where no process tells it. */
  readonly patterns: readonly SourcePattern[]
  /** CPUs that a process may use at once, a quota of its control groups included. */
  readonly usableCpus: number
  /** How what runs it was found. */
  readonly found?: { readonly from?: string }
}

type Of<K extends Message['kind']> = Extract<Message, { readonly kind: K }>

const all = <K extends Message['kind']>(passes: readonly PassResult[], kind: K): Of<K>[] =>
  passes.flatMap(({ messages }) => messages).filter((message): message is Of<K> => message.kind === kind)

const last = <K extends Message['kind']>(passes: readonly PassResult[], kind: K): Of<K> | undefined => all(passes, kind).at(-1)

/** Throws InputError if no timed pass came to its end. */
export function assembleEvidence({ timed, profiled, observed, torch }: Passes, asked: PipelineQuestion): PipelineEvidence {
  const sound = timed.filter(({ failure }) => failure === null)
  const failed = timed.find(({ failure }) => failure !== null)
  if (sound.length === 0) throw new InputError(`${asked.file}: ${refusal(failed!, asked.found?.from)}`)
  const every = [...sound, profiled, observed]
  const target = last(sound, 'imported')!.target
  const timing = target.kind === 'script' ? scriptTiming(sound) : callTiming(sound, target)
  const profile = last([profiled], 'lines')
  const { p50Ms } = timing.latency
  const facts = stageFacts(
    [[observed], sound, [profiled]].map((passes) => stagesTold(passes, p50Ms)),
    timing.names,
  )
  const patterns = all([observed], 'patterns').flatMap(({ patterns: own }) => own)
  const whole: ProcessFacts = Object.assign({}, ...all(every, 'process').map(({ facts: own }) => own))
  const profilerOverhead = profile === undefined ? null : (whole.profilerCost ?? profile.p50Ms / timing.latency.p50Ms - 1)
  const hello = last(sound, 'hello')!
  const calls = callsOf(last([observed], 'calls'), p50Ms)
  return {
    language: asked.language,
    runtime: { ...hello.runtime, ...asked.found },
    packages: hello.packages ?? {},
    file: asked.file,
    call: asked.call,
    target: { ...target, stages: timing.names },
    samples: last(sound, 'samples') ?? { count: 0, source: 'none' },
    latency: { ...timing.latency, profilerOverhead },
    stages: timing.stages.map((stage) => ({ ...stage, facts: facts.find(({ name }) => name === stage.name) ?? null })),
    unexplainedMs: timing.unexplainedMs,
    ...told('lines', profile && linesOf(profile, { p50Ms, calls: calls ?? [] })),
    ...told('lineSamples', profile?.samples),
    ...told('stacks', last([profiled], 'stacks')?.stacks),
    ...told('calls', calls),
    ...told('loops', last([observed], 'loops')?.loops),
    ...told('sessions', sessionsOf(last([observed], 'sessions'), last([observed], 'calls'), p50Ms)),
    ...told('loaders', last([observed], 'loaders')?.loaders),
    ...told('torch', torchOf(torch, p50Ms)),
    patterns: [
      ...(target.kind === 'script' ? asked.patterns.map((one) => ofScript(one, calls ?? [])) : asked.patterns),
      ...patterns,
    ],
    alternatives: all([observed], 'alternatives').flatMap(({ alternatives }) => alternatives.map(withTimes)),
    imports: importsOf(every, timing.latency.importMs),
    whole: withinCpus(whole, asked.usableCpus),
    replacements: [],
    absent: absentOf(profiled, observed, torch),
    warnings: warningsOf({ timed, profiled, observed, ...(torch === undefined ? {} : { torch }) }),
  }
}

/** undefined: no module was seen at work. */
function torchOf(pass: PassResult | undefined, p50Ms: number): TorchSection | undefined {
  const seen = pass && last([pass], 'torch')?.facts
  if (seen === undefined) return undefined
  const [facts, pace] = undisturbed(seen, p50Ms)
  const dispatchMs = dispatchOf(seen)
  const trials = all([pass!], 'torchTrial').map(({ trial: { pairsMs, ...rest } }) => ({
    ...rest,
    times: pairsMs.length === 0 ? null : turnTimes(pairsMs),
  }))
  return { ...facts, dispatchMs: dispatchMs === null ? null : dispatchMs * pace, trials }
}

/**
 * Times of a model's parts in a prediction of the timed passes, and how much longer those are than in the pass that divides them: another pass,
 * later and with clocks, is faster or slower as a whole. What one operator costs is told as that pass has it.
 */
function undisturbed(seen: TorchFacts, p50Ms: number): readonly [TorchFacts, number] {
  if (!(seen.predictionMs > 0 && p50Ms > 0)) return [seen, 1]
  const scale = p50Ms / seen.predictionMs
  const scaled = <T extends { readonly timeMs: number }>(rows: readonly T[]) =>
    rows.map((one) => ({ ...one, timeMs: one.timeMs * scale }))
  const facts = {
    ...seen,
    predictionMs: p50Ms,
    p50Ms: seen.p50Ms * scale,
    modules: scaled(seen.modules).map((one) => ({ ...one, selfMs: one.selfMs * scale })),
    operators: scaled(seen.operators),
    copies: scaled(seen.copies),
  }
  return [facts, scale]
}

/** A process knows the CPUs that it may run on, but of no quota. */
function withinCpus(whole: ProcessFacts, usableCpus: number): ProcessFacts {
  return whole.usableCpus === undefined ? whole : { ...whole, usableCpus: Math.min(whole.usableCpus, usableCpus) }
}

/** Slow only where they are done again and again. */
const DONE_AGAIN: readonly PatternName[] = ['json', 'file-read', 'model-load', 'list-to-array', 'buffer-made']
/** What a script does fewer times in all is in no loop. */
const LEAST_TIMES = 4

/** What stands at the top level of a script is what it does; what it was seen to do a few times, and settings, it does once. */
function ofScript(pattern: SourcePattern, calls: readonly CallFact[]): SourcePattern {
  const { function: name, loop, pattern: kind, callee, file, line, endLine } = pattern
  const own = calls.filter((one) => one.callee === callee && one.file === file && one.line >= line && one.line <= endLine)
  const times = own.reduce((sum, { callsPerPrediction }) => sum + callsPerPrediction, 0)
  if (own.length > 0 && times < LEAST_TIMES && DONE_AGAIN.includes(kind)) return { ...pattern, once: true }
  if (name !== null) return pattern
  return { ...pattern, once: loop === null && ['model-load', 'file-read', 'thread-setting'].includes(kind) }
}

const told = <K extends string, T>(key: K, value: T | undefined): Record<K, T> | Record<string, never> =>
  value === undefined ? {} : ({ [key]: value } as Record<K, T>)

const stagesTold = (passes: readonly PassResult[], p50Ms: number): readonly StageFact[] =>
  passes.flatMap((pass) => stagesOf(last([pass], 'stages'), p50Ms))

/** Calls in the time of a prediction that nobody looked at: looking at many of them takes longer than they do. Exported for its test. */
export function callsOf(seen: Of<'calls'> | undefined, p50Ms: number): readonly CallFact[] | undefined {
  return seen?.calls.map((call) => ({ ...call, timeMs: call.timeMs * paceOf(seen, p50Ms) }))
}

/**
 * Engines in the time of a prediction that nobody looked at. Looking makes none faster: if it was faster then, the machine was, and so were its engines.
 * Exported for its test.
 */
export function sessionsOf(seen: Of<'sessions'> | undefined, looked: Of<'calls'> | undefined, p50Ms: number) {
  const lookedMs = looked?.p50Ms ?? 0
  const pace = lookedMs > 0 && lookedMs < p50Ms ? p50Ms / lookedMs : 1
  return seen?.sessions.map((one) => ({ ...one, runMs: one.runMs * pace }))
}

/** What stages used, likewise. Exported for its test. */
export function stagesOf(seen: Of<'stages'> | undefined, p50Ms: number): readonly StageFact[] {
  if (seen === undefined) return []
  const pace = paceOf(seen, p50Ms)
  const paced = (timeMs: number | null) => (timeMs === null ? null : timeMs * pace)
  return seen.stages.map((one) => ({
    ...one,
    cpuMs: paced(one.cpuMs),
    nativeMs: paced(one.nativeMs),
    waitMs: paced(one.waitMs),
    gcMs: paced(one.gcMs),
  }))
}

const paceOf = ({ p50Ms: lookedMs = 0 }: { readonly p50Ms?: number }, p50Ms: number): number =>
  lookedMs > p50Ms ? p50Ms / lookedMs : 1

interface LineGiven {
  readonly p50Ms: number
  readonly calls: readonly CallFact[]
}

/** A profiled prediction takes longer than one that is not: lines keep their shares. */
const SCALES = [0.1, 1.5] as const

/**
 * Lines in the time of an unprofiled prediction. What is waited for without a frame on the stack (an engine that answers by a promise) is
 * the line's that awaits it: as far as the calls that were seen account for it.
 */
function linesOf(profile: Of<'lines'>, { p50Ms, calls }: LineGiven): LineFact[] {
  // A mean that holds rare long pauses is above the median: lines are not to add up to more than the whole.
  const profiledMs = Math.max(
    profile.p50Ms,
    profile.lines.reduce((sum, { selfMs }) => sum + selfMs, 0),
  )
  const scale = Math.min(SCALES[1], Math.max(SCALES[0], p50Ms / profiledMs))
  const scaled = profile.lines.map((line) => ({
    ...line,
    selfMs: line.selfMs * scale,
    totalMs: line.totalMs === null ? null : line.totalMs * scale,
    nativeMs: line.nativeMs === null ? null : line.nativeMs * scale,
  }))
  const seenMs = scaled.reduce((sum, { selfMs }) => sum + selfMs, 0)
  const awaited = calls.filter((call) => call.awaited === true && (call.concurrent ?? 1) * call.timeMs > 0)
  const awaitedMs = awaited.reduce((sum, { timeMs, concurrent = 1 }) => sum + timeMs / concurrent, 0)
  const leftMs = Math.max(0, p50Ms - seenMs)
  if (awaitedMs === 0 || leftMs <= 0) return scaled
  const part = Math.min(1, leftMs / awaitedMs)
  return awaited.reduce((lines, call) => withAwaited(lines, call, part), scaled).sort((a, b) => b.selfMs - a.selfMs)
}

function withAwaited(lines: LineFact[], call: CallFact, part: number): LineFact[] {
  const { file, line, function: name, stage } = call
  const ms = (call.timeMs / (call.concurrent ?? 1)) * part
  const at = lines.findIndex((one) => one.file === file && one.line === line)
  if (at < 0) return [...lines, { file, line, function: name, selfMs: ms, totalMs: ms, nativeMs: ms, waitMs: null, stage }]
  return lines.map((one, k) =>
    k === at ? { ...one, selfMs: one.selfMs + ms, totalMs: (one.totalMs ?? 0) + ms, nativeMs: (one.nativeMs ?? 0) + ms } : one,
  )
}

interface Timing {
  readonly names: readonly string[]
  readonly latency: Omit<PipelineLatency, 'profilerOverhead'>
  readonly stages: readonly Omit<Stage, 'facts'>[]
  readonly unexplainedMs: number
}

function startOf(sound: readonly PassResult[]): Pick<PipelineLatency, 'importMs' | 'loadMs' | 'warmUpMs'> {
  return {
    // A script's is said again when it has run.
    importMs: medianOrNull(sound.flatMap((one) => last([one], 'imported')?.ms ?? [])) ?? 0,
    loadMs: medianOrNull(all(sound, 'loaded').map(({ ms }) => ms)),
    warmUpMs: medianOrNull(all(sound, 'warm').map(({ ms }) => ms)) ?? 0,
  }
}

/** As parts of the time that is told: the pass that looked at them may have started with cold files. */
function importsOf(every: readonly PassResult[], importMs: number): PipelineEvidence['imports'] {
  const looked = every.findLast((one) => last([one], 'imports') !== undefined)
  if (looked === undefined) return []
  const took = last([looked], 'imported')?.ms ?? 0
  const scale = took > importMs ? importMs / took : 1
  return last([looked], 'imports')!.imports.map((one) => ({ ...one, selfMs: one.selfMs * scale, totalMs: one.totalMs * scale }))
}

function callTiming(sound: readonly PassResult[], target: Target): Timing {
  const blocks: readonly Block[] = all(sound, 'block')
  // Of the calls whose stages were timed, so that the parts are of the same calls.
  const timesOf = (those: readonly Block[]) => those.filter(({ staged }) => staged).flatMap(({ totalMs }) => totalMs)
  const samplesMs = timesOf(blocks)
  const whole = p50Of(sound.map((one) => timesOf(all([one], 'block'))))
  const parts = partition(blocks, target.stages.length, whole.p50Ms)
  return {
    names: target.stages,
    latency: {
      ...whole,
      ...startOf(sound),
      firstMs: medianOrNull(all(sound, 'first').map(({ totalMs }) => totalMs)) ?? 0,
      samplesMs,
      timingOverhead: timingOverhead(blocks),
    },
    stages: target.stages.map((name, at) => ({ name, ...parts.stages[at]!, place: target.places[at] ?? null })),
    unexplainedMs: parts.unexplainedMs,
  }
}

const withTimes = (told: AlternativeFact | PairedAlternative): AlternativeFact => {
  if (!('pairsMs' in told)) return told
  const { pairsMs, ...rest } = told
  return { ...rest, ...turnTimes(pairsMs) }
}

/** The p50 of the samples of each process. */
function p50Of(
  processes: readonly (readonly number[])[],
): Pick<PipelineLatency, 'p50Ms' | 'processesMs' | 'ciLowMs' | 'ciHighMs'> {
  const blocks = processes.map((samplesMs) => ({ p50Ms: median(samplesMs), samplesMs }))
  const processesMs = blocks.map(({ p50Ms }) => p50Ms)
  const { low, high } = p50Interval(blocks)
  return { p50Ms: median(processesMs), processesMs, ciLowMs: low, ciHighMs: high }
}

function scriptTiming(sound: readonly PassResult[]): Timing {
  const runs = all(sound, 'script')
  const names = [...new Set(runs.flatMap(({ marks }) => marks.map(({ name }) => name)))]
  const parts = partitionScript(runs, names)
  const totals = runs.map(({ totalMs }) => totalMs)
  return {
    names,
    latency: {
      ...p50Of(totals.map((ms) => [ms])),
      ...startOf(sound),
      firstMs: totals[0]!,
      samplesMs: totals,
      timingOverhead: null,
    },
    stages: names.map((name, at) => ({ name, ...parts.stages[at]!, place: null })),
    unexplainedMs: parts.unexplainedMs,
  }
}

function absentOf(profiled: PassResult, observed: PassResult, torch?: PassResult): Record<string, string> {
  const reason = (pass: PassResult, what: string) => {
    const told = pass.failure === null ? 'it reported nothing' : failureSentence(pass.failure)
    return `${what} gave none: ${told}`
  }
  const absent: Record<string, string> = {}
  if (last([profiled], 'lines') === undefined) absent.lines = reason(profiled, 'the profiled run')
  for (const key of ['calls', 'loops', 'sessions', 'loaders'] as const)
    if (last([observed], key) === undefined) absent[key] = reason(observed, 'the run that looks at calls and values')
  if (torch?.failure != null) absent.torch = failureSentence(torch.failure)
  return absent
}

function warningsOf({ timed, profiled, observed, torch }: Passes): string[] {
  const failed = timed.filter(({ failure }) => failure !== null)
  const first = timed[0]!
  return [
    ...new Set(all([...timed, profiled, observed, ...(torch === undefined ? [] : [torch])], 'warning').map(({ text }) => text)),
    ...(failed.length === 0
      ? []
      : [`${failed.length} of ${timed.length} processes failed: ${failureSentence(failed[0]!.failure!)}`]),
    ...(first.log.bytes > FLOOD_BYTES ? [`it printed ${Math.round(first.log.bytes / 1e6)} MB; printing takes time, too`] : []),
    ...(timed.some(({ leftRunning }) => leftRunning > 0) ? ['it left processes running, which were ended'] : []),
  ]
}

const FLOOD_BYTES = 1e6
