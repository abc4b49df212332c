// What processes measured as the document: ways, parts, findings and the answer. Pure but for the document's date.
import { documentHead } from '@whyslow/command/version.ts'
import { documentedCommand } from '@whyslow/diagnosis/documented-command.ts'
import type { Finding } from '@whyslow/diagnosis/rule.ts'
import { notChecked, rank, rulesWith, runRules } from '@whyslow/diagnosis/run-rules.ts'
import { referenceEngine } from '@whyslow/measure/engines/index.ts'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import { average, median, percentileOf, sortAscending } from '@whyslow/measure/statistics/index.ts'
import type { EmbeddingDocument, EmbeddingFinding, EmbeddingLengths } from '@whyslow/report/documents/embedding.ts'
import { embeddingAnswer } from '@whyslow/report/text/embedding/embedding-words.ts'
import { overProcesses, trustIn } from '../../measure/summarize.ts'
import type { TextEncoder } from '../../recognize/text-encoder.ts'
import { cutLengths } from '../../texts/batches.ts'
import type { TextsProcess } from '../../texts/measure-texts.ts'
import { textRules } from '../../texts/rules/index.ts'
import { evidenceOf } from './evidence.ts'
import { EMBED_DEFAULTS, type EmbedOptions } from './options.ts'
import { isWhole, partsOf, wayOf } from './ways.ts'

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
  const kept = cutLengths(lengths, longest)
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
  const evidence = evidenceOf({ processes, encoder, options, ways, setup, lengths, kept })
  const verdicts = runRules(textRules, evidence)
  const batchParts = large < 0 ? null : partsOf(processes, large, ways[large]!)
  const { name, model: modelFile, architecture, dtype, sizeBytes, output } = encoder
  const { pooling, poolingFrom, normalizes, tokenizer } = encoder
  const samples = processes.reduce((sum, one) => sum + one.ways[0]!.passes.length, 0)
  const measured = {
    model: {
      ...{ name, modelFile, architecture, dtype, sizeBytes, gives: output.gives, dimensions: first.width },
      ...{ pooling, poolingFrom, normalizes, tokenizer },
    },
    engine: { id: referenceEngine.id, title: referenceEngine.title, versions: first.versions, threads: options.threads },
    machine: { cpu, usableCpus, node },
    ...{ setup, lengths: lengthsOf(lengths, kept), ways, oneParts, batchParts },
    openMs: overProcesses(processes.map(({ openMs }) => openMs)),
    firstTextMs: overProcesses(processes.map(({ firstTextMs }) => firstTextMs)),
    trust: trustIn(ways[0]!.msPerText, { processes: processes.length, samples, unit: 'pass' }),
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

function lengthsOf(lengths: readonly number[], kept: readonly number[]): EmbeddingLengths {
  const sorted = sortAscending(lengths)
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

/** The measurement again, as it was set up. */
function findingOf(
  { rule, title, detail, wouldSaveMs, savingUnknown, basis, next }: Finding,
  target: string,
  { texts, maxTokens, threads, dtype, quick }: EmbedOptions,
  { batch }: EmbeddingDocument['setup'],
): EmbeddingFinding {
  const own = [
    ['--texts', texts],
    ['--batch', batch === EMBED_DEFAULTS.batch ? null : batch],
    ['--max-tokens', maxTokens],
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
