// What processes measured as the document: medians over processes, ways against each other by pairs, parts, findings and the answer. Pure but for the
// document's date.
import { documentHead } from '@whyslow/command/version.ts'
import { documentedCommand } from '@whyslow/diagnosis/documented-command.ts'
import type { Finding } from '@whyslow/diagnosis/rule.ts'
import { notChecked, rank, rulesWith, runRules } from '@whyslow/diagnosis/run-rules.ts'
import { referenceEngine } from '@whyslow/measure/engines/index.ts'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import {
  ascending,
  average,
  median,
  percentileOf,
  processInterval,
  type RatioInterval,
  ratioOverRounds,
  reservationsOf,
  trustOf,
} from '@whyslow/measure/statistics/index.ts'
import type {
  EmbeddingDocument,
  EmbeddingFinding,
  EmbeddingLengths,
  EmbeddingPart,
  EmbeddingParts,
  EmbeddingWay,
} from '@whyslow/report/documents/embedding.ts'
import type { Measured } from '@whyslow/report/documents/generation.ts'
import { embeddingAnswer } from '@whyslow/report/text/embedding/embedding-words.ts'
import type { TextEncoder } from '../../recognize/text-encoder.ts'
import { batchesOf, positionsOf } from '../../texts/batches.ts'
import type { Against, FixedPaddingFact, TextsEvidence } from '../../texts/facts.ts'
import type { Pass, TextsProcess, WayTimes } from '../../texts/measure-texts.ts'
import { textRules } from '../../texts/rules/index.ts'
import type { Way } from '../../texts/texts-plan.ts'
import { EMBED_DEFAULTS, type EmbedOptions } from './options.ts'

export interface EmbedOutcome {
  readonly target: string
  readonly encoder: TextEncoder
  readonly options: EmbedOptions
  readonly machine: Machine
  readonly longest: number | null
  /** What texts are padded to in ways that pad to the maximum. */
  readonly maximum: number | null
  readonly isUsers: boolean
  readonly processes: readonly TextsProcess[]
  readonly warnings: readonly string[]
}

export function embedDocument(outcome: EmbedOutcome): EmbeddingDocument {
  const { target, encoder, options, machine, longest, maximum, isUsers, processes, warnings } = outcome
  const [first] = processes as readonly [TextsProcess, ...TextsProcess[]]
  const { lengths } = first
  const kept = lengths.map((length) => Math.min(length, longest ?? length))
  const ways = first.ways.map(({ way }, at) => wayOf(way, at, { processes, kept, maximum, encoder }))
  const { cpu, usableCpus, node } = machine
  const setup: EmbeddingDocument['setup'] = {
    texts: first.count,
    from: isUsers ? 'user' : 'made-up',
    batch: Math.max(...ways.filter((_, at) => isWhole(first, at)).map(({ batch }) => batch)),
    longestTokens: longest,
    longestFrom: longest === null ? null : longestFrom(outcome, longest),
    processes: processes.length,
    passesPerProcess: Math.round(median(processes.map((one) => one.ways[0]!.passes.length))),
  }
  const oneParts = partsOf(processes, 0, { batch: 1, paddedShare: ways[0]!.paddedShare })
  const large = ways.findIndex(
    (way, at) => setup.batch > 1 && way.batch === setup.batch && way.order === 'given' && isWhole(first, at),
  )
  const evidence = evidenceOf(outcome, { ways, setup, lengths, kept })
  const verdicts = runRules(textRules, evidence)
  const batchParts = large < 0 ? null : partsOf(processes, large, ways[large]!)
  const { output } = encoder
  const measured = {
    model: {
      ...{
        name: encoder.name,
        modelFile: encoder.model,
        architecture: encoder.architecture,
        dtype: encoder.dtype,
        sizeBytes: encoder.sizeBytes,
      },
      ...{ gives: output.gives, dimensions: first.width, pooling: encoder.pooling, poolingFrom: encoder.poolingFrom },
      ...{ normalizes: encoder.normalizes, tokenizer: encoder.tokenizer },
    },
    engine: { id: referenceEngine.id, title: referenceEngine.title, versions: first.versions, threads: options.threads },
    machine: { cpu, usableCpus, node },
    ...{ setup, lengths: lengthsOf(lengths, kept), ways, oneParts, batchParts },
    openMs: overProcesses(processes.map(({ openMs }) => openMs)),
    firstTextMs: overProcesses(processes.map(({ firstTextMs }) => firstTextMs)),
    trust: trustIn(processes, ways[0]!.msPerText),
  }
  return {
    ...documentHead('whyslow-embedding/1'),
    answer: embeddingAnswer(measured),
    ...measured,
    findings: rank(verdicts).map((finding) => findingOf(finding, target, options, setup)),
    clear: rulesWith('clear', verdicts),
    doesNotApply: rulesWith('does-not-apply', verdicts),
    notChecked: notChecked(verdicts),
    reasons: evidence.absent as Record<string, string>,
    warnings,
  }
}

const overProcesses = (values: readonly number[]): Measured => ({ value: median(values), ...processInterval(values) })

/** The way is of all texts, and not of the few that are padded to the maximum. */
const isWhole = ({ ways }: Pick<TextsProcess, 'ways'>, at: number): boolean => ways[at]!.way.texts === null

/** Medians of each process, one text. */
const eachOf = ({ passes, texts }: WayTimes, of: (pass: Pass) => number = ({ totalMs }) => totalMs): number =>
  median(passes.map(of)) / texts

interface Seen {
  readonly processes: readonly TextsProcess[]
  readonly kept: readonly number[]
  readonly maximum: number | null
  readonly encoder: TextEncoder
}

function wayOf({ batch, order, padding }: Way, at: number, { processes, kept, maximum, encoder }: Seen): EmbeddingWay {
  const times = processes.map(({ ways }) => ways[at]!)
  const { texts } = times[0]!
  const own = kept.slice(0, texts)
  const paddedTo = encoder.fixedLength ?? (padding === 'maximum' ? maximum : null)
  const computed = positionsOf(batchesOf(own, batch, order), own, paddedTo)
  const baseline = padding === 'maximum' ? at - 1 : isPairOfMaximum(processes[0]!.ways, at) ? at : 0
  return {
    ...{ batch, order, padding, paddedTo, texts },
    msPerText: overProcesses(times.map((one) => eachOf(one))),
    paddedShare: 1 - own.reduce((sum, one) => sum + one, 0) / computed,
    ratio: baseline === at ? null : measuredRatio(ratioOf(processes, at, baseline)),
  }
}

/** The few texts whose padding to the maximum comes next. */
const isPairOfMaximum = (ways: readonly WayTimes[], at: number): boolean => ways[at + 1]?.way.padding === 'maximum'

/** Time of a text over time of a text, by rounds of all processes: passes of a round are next to each other. */
function ratioOf(processes: readonly TextsProcess[], at: number, baseline: number): RatioInterval {
  const ratios = processes.flatMap(({ ways }) => {
    const [own, other] = [ways[at]!, ways[baseline]!]
    const rounds = Math.min(own.passes.length, other.passes.length)
    const eachMs = ({ passes, texts }: WayTimes, round: number) => passes[round]!.totalMs / texts
    return Array.from({ length: rounds }, (_, round) => eachMs(own, round) / eachMs(other, round))
  })
  return ratioOverRounds(ratios)
}

function measuredRatio({ ratio, ratioLow, ratioHigh }: RatioInterval): Measured {
  return { value: ratio, low: ratioLow, high: ratioHigh }
}

function partsOf(
  processes: readonly TextsProcess[],
  at: number,
  { batch, paddedShare }: Pick<EmbeddingWay, 'batch' | 'paddedShare'>,
): EmbeddingParts {
  const over = (of?: (pass: Pass) => number) => median(processes.map(({ ways }) => eachOf(ways[at]!, of)))
  const totalMs = over()
  const modelMs = over((pass) => pass.modelMs)
  const wasteMs = modelMs * paddedShare
  const timed = (id: EmbeddingPart['id'], ms: number): EmbeddingPart => ({ id, ms, how: 'timed' })
  const parts: EmbeddingPart[] = [
    timed(
      'tokenize',
      over((pass) => pass.tokenizeMs),
    ),
    timed(
      'padding',
      over((pass) => pass.paddingMs),
    ),
    wasteMs > 0 ? { id: 'model', ms: modelMs - wasteMs, how: 'computed' } : timed('model', modelMs),
    ...(wasteMs > 0 ? [{ id: 'model-padding', ms: wasteMs, how: 'computed' } as const] : []),
    timed(
      'pooling',
      over((pass) => pass.poolingMs),
    ),
    timed(
      'normalization',
      over((pass) => pass.normalizeMs),
    ),
  ]
  const known = parts.reduce((sum, { ms }) => sum + ms, 0)
  return { batch, totalMs, parts: [...parts, { id: 'unexplained', ms: totalMs - known, how: 'rest' }] }
}

function lengthsOf(lengths: readonly number[], kept: readonly number[]): EmbeddingLengths {
  const sorted = ascending(lengths)
  const [all, used] = [lengths, kept].map((some) => some.reduce((sum, one) => sum + one, 0)) as [number, number]
  return {
    shortest: sorted[0]!,
    median: median(lengths),
    mean: average(lengths),
    p90: percentileOf(sorted, 0.9),
    longest: sorted.at(-1)!,
    cutTexts: lengths.filter((length, at) => length > kept[at]!).length,
    cutShare: 1 - used / all,
  }
}

function longestFrom({ encoder, options }: EmbedOutcome, longest: number): string {
  if (encoder.fixedLength === longest) return 'the graph'
  return options.maxTokens === null ? encoder.longest!.from : '--max-tokens'
}

function trustIn(processes: readonly TextsProcess[], { value, low, high }: Measured): EmbeddingDocument['trust'] {
  const measured = processes.length
  const samples = processes.reduce((sum, { ways }) => sum + ways[0]!.passes.length, 0)
  const width = value > 0 ? (high - low) / 2 / value : 0
  const { trust, reasons } = trustOf(reservationsOf({ processes: measured, measured, samples, width, unit: 'pass' }))
  return { grade: trust === 'D' ? 'C' : trust, reasons }
}

interface Known {
  readonly ways: readonly EmbeddingWay[]
  readonly setup: EmbeddingDocument['setup']
  readonly lengths: readonly number[]
  readonly kept: readonly number[]
}

function evidenceOf(outcome: EmbedOutcome, { ways, setup, lengths, kept }: Known): TextsEvidence {
  const { processes, encoder } = outcome
  const against = (at: number, other: number): Against | undefined =>
    at < 0 || other < 0 || at === other ? undefined : { way: ways[at]!, other: ways[other]!, ...ratioOf(processes, at, other) }
  const find = (batch: number, order: EmbeddingWay['order']) =>
    ways.findIndex((way, at) => way.batch === batch && way.order === order && isWhole(processes[0]!, at))
  const bestOf = (fits: (way: EmbeddingWay) => boolean): number =>
    ways.reduce((best, way, at) => {
      if (!fits(way) || !isWhole(processes[0]!, at)) return best
      return best < 0 || way.msPerText.value < ways[best]!.msPerText.value ? at : best
    }, -1)
  const largest = find(setup.batch, 'sorted')
  const smaller = bestOf(({ batch, order }) => batch < setup.batch && (batch === 1 || order === 'sorted'))
  const inBatches = setup.batch > 1
  const isSorted = inBatches && setup.texts > setup.batch
  const unbatched =
    outcome.options.batch > 1
      ? 'no batch had two texts: needs more texts, or a model that takes less for each'
      : 'needs batches of two texts and more: --batch 32'
  const one = encoder.takesOneText ? 'the model takes one text at a time' : unbatched
  const few = inBatches ? 'all texts fit into one batch: give more of them, or a smaller --batch' : one
  const reason = encoder.fixedLength === null ? few : 'the model computes as many positions whatever a text has'
  const facts = {
    sorted: isSorted ? against(largest, find(setup.batch, 'given')) : undefined,
    batched: inBatches
      ? against(
          bestOf(({ batch }) => batch > 1),
          0,
        )
      : undefined,
    smaller: isSorted ? against(smaller, largest) : undefined,
  }
  const fixedPadding = fixedPaddingOf(outcome, ways, against)
  return {
    setup,
    oneMs: ways[0]!.msPerText.value,
    ...Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined)),
    truncation: {
      tokenizeMs: median(processes.map(({ ways }) => eachOf(ways[0]!, (pass) => pass.tokenizeMs))),
      tokens: average(lengths),
      keptTokens: average(kept),
      longestTokens: setup.longestTokens,
    },
    ...(fixedPadding === null ? {} : { fixedPadding }),
    absent: { sorted: reason, smaller: reason, batched: one, fixedPadding: NO_PADDING_TIME },
  }
}

const NO_PADDING_TIME = 'padding to one length was not measured, which takes too long'

/** null: it was not measured. */
function fixedPaddingOf(
  { encoder: { fixedLength, model, padsTo } }: EmbedOutcome,
  ways: readonly EmbeddingWay[],
  against: (at: number, other: number) => Against | undefined,
): FixedPaddingFact | 'none' | null {
  if (fixedLength !== null) return { tokens: fixedLength, from: model, against: null }
  const maximum = ways.findIndex(({ padding }) => padding === 'maximum')
  const measured = against(maximum - 1, maximum)
  if (padsTo === null) return 'none'
  if (measured === undefined) return null
  return { tokens: padsTo, from: 'tokenizer.json', against: measured }
}

/** The measurement again, as it was set up. */
function findingOf(
  { rule, title, detail, wouldSaveMs, savingUnknown, basis, next }: Finding,
  target: string,
  { texts, threads, dtype, quick }: EmbedOptions,
  { batch }: EmbeddingDocument['setup'],
): EmbeddingFinding {
  const own = [
    ['--texts', texts],
    ['--batch', batch === EMBED_DEFAULTS.batch ? null : batch],
    ['--threads', threads],
    ['--dtype', dtype],
  ] as const
  const flags = own.flatMap(([flag, value]) =>
    value === null || next?.words.includes(flag) ? [] : [{ flag, value: String(value) }],
  )
  const run = next === null ? null : documentedCommand(next, { MODEL: target }, flags).run
  return {
    ...{ rule, title },
    sentence: savingUnknown === undefined ? detail : `${detail} What it would save is not known: ${savingUnknown}.`,
    textMs: wouldSaveMs,
    savingIs: wouldSaveMs === null ? 'unknown' : basis === 'measured' ? 'measured' : 'estimated',
    place: null,
    run: run === null || !quick ? run : { ...run, arguments: [...run.arguments, '--quick'] },
  }
}
