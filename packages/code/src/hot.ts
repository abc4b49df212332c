// What rules ask of the evidence: which patterns of the source are hot, and how hot. A place below these limits is no finding, whatever
// its source looks like.
import { ms, ratio, type Sentence, tell } from '@whyslow/diagnosis/tell.ts'
import { type RatioInterval, verdictOf } from '@whyslow/measure/statistics/index.ts'
import { time } from '@whyslow/measure/statistics/numbers.ts'
import type { TorchSection, TorchSetting } from '@whyslow/report/documents/report-torch.ts'
import type { PipelineEvidence, Stage } from './evidence.ts'
import type { AlternativeFact, CallFact, CodePlace, LineFact, PatternName, SessionFact, SourcePattern } from './facts.ts'

/** A place is hot from this share of the p50 on: below, a change is lost between two runs. */
export const HOT_SHARE = 0.05

/** Saving of what was found and timed, but not tried in another way: no constant of ours says what another way leaves. Only a replacement that was run does. */
export const UNTRIED = { wouldSaveMs: null, savingUnknown: 'nothing was run in its place', basis: 'measured' } as const

/** Settings of a PyTorch model that cure what a rule finds, as they are timed where its time is divided. */
const SETTINGS: Readonly<Record<string, TorchSetting>> = { 'gradient-tracking': 'inference-mode', 'training-mode': 'eval' }

/**
 * What the other way saves of `timeMs` at a place, if the two were timed in turns there. A difference that is not certain is an unknown saving:
 * at most what the intervals leave room for.
 */
export function savingTried({ alternatives, torch }: PipelineEvidence, rule: string, at: CodePlace, timeMs: number) {
  const ofModel = isOf(torch, at) ? torch.trials.filter(({ id }) => id === SETTINGS[rule]) : []
  const tried: readonly RatioInterval[] = [
    ...ofModel.flatMap(({ times }) => times ?? []),
    ...alternatives.filter((one) => one.rule === rule && inWords(one) === inWords(at)),
  ]
  if (tried.length === 0) return UNTRIED
  const saving = savingOfPairs(tried, timeMs)
  // Who does less is not slower for it: others ran meanwhile.
  return saving.wouldSaveMs === 0
    ? { ...UNTRIED, atMostMs: 0, savingUnknown: 'timed in turns, the other way was not faster' }
    : saving
}

/** The same, of what was timed. `least`: the smallest difference that counts as faster. */
export function savingOfPairs(tried: readonly RatioInterval[], timeMs: number, least?: number) {
  const saves = (ratio: number) => timeMs * Math.max(0, 1 - 1 / ratio)
  const won = tried.find((one) => verdictOf(one, least) === 'slower')
  if (won !== undefined) return { wouldSaveMs: saves(won.ratio), basis: 'measured' as const }
  const widthOf = ({ ratioLow, ratioHigh }: RatioInterval) => ratioHigh / ratioLow
  const surest = tried.reduce((one, other) => (widthOf(other) < widthOf(one) ? other : one))
  const atMostMs = saves(surest.ratioHigh)
  if (atMostMs <= 0) return { wouldSaveMs: 0, basis: 'measured' as const }
  return {
    wouldSaveMs: null,
    atMostMs,
    savingUnknown: `timed in turns, no difference was certain: at most ${time(atMostMs)}`,
    basis: 'measured' as const,
  }
}

/** Whether the PyTorch model whose time was divided is the one that is called at a place. */
export const isOf = (torch: TorchSection | undefined, at: CodePlace): torch is TorchSection =>
  torch !== undefined && torch.ran !== null && inWords(torch.ran) === inWords(at)

/** Models that one line runs, such as layers in a loop, with their time together. */
export function byLine(sessions: readonly SessionFact[]) {
  const lines = new Map<string, { readonly ran: CodePlace; readonly models: readonly SessionFact[]; readonly runMs: number }>()
  for (const one of sessions) {
    if (one.ran === null) continue
    const { ran = one.ran, models = [], runMs = 0 } = lines.get(inWords(one.ran)) ?? {}
    lines.set(inWords(ran), { ran, models: [...models, one], runMs: runMs + one.runMs })
  }
  return [...lines.values()]
}

/** A call that is surely faster in another way, with what that saves of a prediction. */
export interface FasterWay {
  readonly place: string
  readonly best: AlternativeFact
  /** Others that are faster, too, the best first. */
  readonly others: readonly AlternativeFact[]
  readonly timeMs: number
  readonly saved: number
}

/** The lower end of the interval of a ratio that counts as faster. */
const LEAST_RATIO = 1.05

/** Ways of a rule with equal results, by the place of their call; those that save too little are left out. */
export function fasterWays(
  {
    alternatives,
    sessions = [],
    latency: { p50Ms },
  }: Pick<PipelineEvidence, 'alternatives' | 'latency'> & {
    readonly sessions?: PipelineEvidence['sessions']
  },
  rule: string,
): readonly FasterWay[] {
  const own = alternatives.filter((one) => one.rule === rule && one.equal !== 'different' && one.ratioLow > LEAST_RATIO)
  const places = [...new Set(own.map(inWords))]
  return places.flatMap((place) => {
    const here = own.filter((one) => inWords(one) === place)
    // A line may call several models in turn: the one of which most is saved.
    const [most] = here.toSorted((a, b) => b.nowMs - b.insteadMs - (a.nowMs - a.insteadMs))
    const [best, ...others] = here.filter(({ model }) => model === most!.model).sort((a, b) => a.insteadMs - b.insteadMs)
    const session = sessions.find(({ ran }) => ran !== null && inWords(ran) === place)
    const calls = best!.callsPerPrediction ?? session?.runsPerPrediction ?? 1
    const timeMs = Math.min(p50Ms, best!.nowMs * calls)
    const saved = timeMs * (1 - 1 / best!.ratio)
    return saved < HOT_SHARE * p50Ms ? [] : [{ place, best: best!, others, timeMs, saved }]
  })
}

/** A finding for each place with a faster way. `given`: what both were timed on; `more`: what else there is to say. */
export const fasterWayFindings = (
  evidence: PipelineEvidence,
  rule: string,
  given: string,
  more: (way: FasterWay) => Sentence = () => tell``,
) =>
  fasterWays(evidence, rule).map((way) => ({
    ...tell`${way.best.now} at ${way.place} takes ${ms('now', way.best.nowMs)}; ${way.best.instead} gives the same in
      ${ms('instead', way.best.insteadMs)}, ${ratio('factor', way.best.ratio)} times as fast, timed in turns on the last ${given}.${more(way)}`,
    timeMs: way.timeMs,
    wouldSaveMs: way.saved,
    basis: 'measured' as const,
    places: [placeOf(way.best)],
  }))

/** A pattern with what it costs. */
export interface HotPattern {
  readonly pattern: SourcePattern
  /** Time of its lines, per prediction; includes what they call if the profiler reports it. */
  readonly timeMs: number
  readonly share: number
  /** The innermost loop's body, where it was counted. */
  readonly trips: number | null
  /** Calls at its place, where it is of a call. */
  readonly calls: readonly CallFact[]
}

/** Patterns of these names whose lines hold at least `share` of the p50, hottest first; of those that lie in each other, the outermost. */
export function hotPatterns(
  evidence: PipelineEvidence,
  names: readonly PatternName[],
  share: number = HOT_SHARE,
): readonly HotPattern[] {
  const patterns = (evidence.patterns ?? []).filter(({ pattern, once }) => names.includes(pattern) && !once)
  const outer = patterns.filter((one) => !patterns.some((other) => other !== one && holds(other, one)))
  return outer
    .map((pattern) => hotPattern(evidence, pattern))
    .filter((hot) => hot.share >= share && isSo(hot, evidence))
    .sort((a, b) => b.timeMs - a.timeMs)
}

/** Whether the run confirms the pattern. In JavaScript `new Float32Array(x)` makes an array of a number and converts a list: the run shows which it was. */
function isSo({ pattern, calls }: HotPattern, { language }: PipelineEvidence): boolean {
  const kinds = new Set(calls.flatMap(({ argument }) => (argument === null ? [] : [argument.kind])))
  if (language !== 'javascript' || kinds.size === 0) return true
  if (pattern.pattern === 'buffer-made') return !kinds.has('array') && !kinds.has('typed-array')
  return pattern.pattern !== 'list-to-array' || kinds.has('array')
}

function hotPattern(evidence: PipelineEvidence, pattern: SourcePattern): HotPattern {
  const calls = callsAt(evidence, pattern)
  const timeMs = Math.max(
    linesMs(evidence.lines ?? [], pattern) - othersMs(evidence, pattern, calls),
    CALLS_BACK.test(pattern.callee ?? '') ? totalMs(evidence.lines ?? [], pattern) : 0,
    functionsMs(evidence, pattern),
    sum(calls.map((call) => call.timeMs)),
  )
  const loop = (evidence.loops ?? []).filter((one) => lies(one, pattern))
  const trips = loop.length === 0 ? null : Math.max(...loop.map(({ tripsPerPrediction }) => tripsPerPrediction))
  const { p50Ms } = evidence.latency
  return { pattern, timeMs: Math.min(timeMs, p50Ms), share: Math.min(timeMs, p50Ms) / p50Ms, trips, calls }
}

export interface NamedWork {
  readonly timeMs: number
  readonly share: number
  /** Each once. */
  readonly places: readonly CodePlace[]
}

/** One kind of work, wherever it is done: by patterns of the source, and by calls of these names. A line may be known as both. */
export function namedWork(evidence: PipelineEvidence, names: readonly PatternName[], callees: RegExp): NamedWork {
  const { p50Ms } = evidence.latency
  const hot = hotPatterns(evidence, names, 0)
  const calls = (evidence.calls ?? []).filter(({ callee }) => callees.test(callee))
  const [patternMs, callsMs] = [hot, calls].map((those) => sum(those.map((one) => one.timeMs)))
  const timeMs = Math.min(p50Ms, Math.max(patternMs!, callsMs!))
  const places = [...hot.map(({ pattern }) => placeOf(pattern)), ...calls.map(placeOf)]
  return { timeMs, share: timeMs / p50Ms, places: [...new Map(places.map((place) => [inWords(place), place])).values()] }
}

/** Calls that were seen at the pattern's lines; of a pattern that names a callee, calls of that. */
function callsAt({ calls = [] }: PipelineEvidence, pattern: SourcePattern): readonly CallFact[] {
  return calls.filter((call) => lies(call, pattern) && (pattern.callee === null || call.callee === pattern.callee))
}

/** Time of other calls on the lines of a call that was seen: what is around it, or what it is given, is not its own. */
function othersMs({ calls = [] }: PipelineEvidence, pattern: SourcePattern, own: readonly CallFact[]): number {
  if (pattern.callee === null || own.length === 0) return 0
  return sum(calls.filter((call) => lies(call, pattern) && !own.includes(call) && !call.awaited).map(({ timeMs }) => timeMs))
}

/** Time of the lines of a range, in them and in native code. */
function linesMs(lines: readonly LineFact[], range: SourcePattern): number {
  return sum(lines.filter((line) => lies(line, range)).map((line) => line.selfMs))
}

/** Their work is in a function that they are given, wherever that stands. */
const CALLS_BACK = /(^|\.)(map|filter|apply|applymap|vectorize|fromfunction|apply_along_axis|forEach|reduce|from)$/

/** Time of the lines of a range with all that they call. */
function totalMs(lines: readonly LineFact[], range: SourcePattern): number {
  return sum(lines.filter((line) => lies(line, range)).map(({ selfMs, totalMs: whole }) => whole ?? selfMs))
}

/** Time of the functions that begin in a range, with all that they call. */
function functionsMs({ stacks, latency }: PipelineEvidence, { file, line, endLine }: SourcePattern): number {
  if (stacks === undefined) return 0
  const inside = new Set<number>()
  for (const [at, frame] of stacks.frames.entries())
    if (frame.file === file && frame.line !== null && frame.line >= line && frame.line <= endLine) inside.add(at)
  if (inside.size === 0) return 0
  const all = sum(stacks.weightsMs)
  const own = sum(stacks.weightsMs.filter((_, at) => stacks.samples[at]!.some((frame) => inside.has(frame))))
  return all === 0 ? 0 : (own / all) * latency.p50Ms
}

export const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)

export const lies = (
  at: Pick<CodePlace, 'file' | 'line'>,
  { file, line, endLine }: Pick<SourcePattern, 'file' | 'line' | 'endLine'>,
): boolean => at.file === file && at.line >= line && at.line <= endLine

const holds = (outer: SourcePattern, inner: SourcePattern): boolean =>
  outer.file === inner.file &&
  outer.line <= inner.line &&
  outer.endLine >= inner.endLine &&
  (outer.line < inner.line || outer.endLine > inner.endLine)

export const placeOf = ({ file, line, function: name }: CodePlace): CodePlace => ({ file, line, function: name })

/** Where a stage begins, as a place. */
export const placesOf = ({ name, place }: Stage): readonly CodePlace[] => (place === null ? [] : [{ ...place, function: name }])

/** 'line 12 of app.mjs'. */
export const inWords = ({ file, line }: CodePlace): string => `${file}:${line}`
