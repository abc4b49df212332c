// What a page makes of the numbers of its documents, by the part that draws it. Written apart from the code of the page, so that a formula that is
// wrong there is seen here.
import { percent, rate, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { EmbeddingDocument } from '@whyslow/report/documents/embedding.ts'
import type { GapDocument } from '@whyslow/report/documents/gap.ts'
import type { GenerationDocument } from '@whyslow/report/documents/generation.ts'
import type { LintDocument } from '@whyslow/report/documents/lint.ts'
import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import { isReport, type ReportDocument, type ReportNode } from '@whyslow/report/documents/report.ts'
import { measured } from '@whyslow/report/text/divided/divided-words.ts'
import { isFloor, slopeWords } from '@whyslow/report/text/generation/generation-words.ts'
import { factor } from '../../packages/report/web/src/format.ts'
import {
  normalComparison,
  normalEmbedding,
  normalGap,
  normalGeneration,
  normalLint,
  normalLoad,
  normalReport,
} from '../../packages/report/web/src/normal.ts'
import { OF_TWO, OF_TWO_COMPARISONS, OF_TWO_LOADS } from './derived-of-two.ts'
import { numbersIn } from './number-words.ts'

export interface Derived<Document> {
  readonly what: string
  /** Parts of the page that draw it, by their ids. */
  readonly on: readonly string[]
  readonly words: (document: Document) => readonly string[]
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
/** Of values under one key each. */
function sums<T>(all: readonly T[], key: (one: T) => string, value: (one: T) => number): number[] {
  const found = new Map<string, number>()
  for (const one of all) found.set(key(one), (found.get(key(one)) ?? 0) + value(one))
  return [...found.values()]
}
const sortedSamples = ({ latency }: ReportDocument): number[] => [...(latency?.samplesMs ?? [])].sort((a, b) => a - b)
/** By linear interpolation between the two nearest samples. */
function quantile(sorted: readonly number[], at: number): number {
  const place = (sorted.length - 1) * at
  const [low, rest] = [Math.floor(place), place % 1]
  return sorted[low]! + rest * ((sorted[low + 1] ?? sorted[low]!) - sorted[low]!)
}
const times = (ratio: number): string[] => [`${significant(ratio, 2)}×`, factor(ratio)]
const plusMinus = (share: number): string => `${significant(share * 100, 2)} %`
const wholeOf = ({ latency, trace }: ReportDocument): number | null => latency?.p50Ms ?? trace?.judged?.stepMs ?? null
const nodeSum = ({ nodes }: ReportDocument): number => sum(nodes.map(({ timeMs }) => timeMs))
const shareOf = (report: ReportDocument, node: ReportNode): number =>
  wholeOf(report) === null ? node.timeMs / nodeSum(report) : node.share
/** Work, bytes and time are known: those of the roofline. */
const withWork = ({ nodes }: ReportDocument) =>
  nodes.filter(({ flops, bytes: moved, timeMs }) => (flops ?? 0) > 0 && (moved ?? 0) > 0 && timeMs > 0)

/** What a page makes of a report's numbers: each is arithmetic of two or more fields, none is an estimate of its own. */
const OF_REPORT: readonly Derived<ReportDocument>[] = [
  {
    what: 'the share of all operators of one type: which kind takes the time',
    on: ['answer', 'each'],
    words: ({ nodes }) =>
      sums(
        nodes,
        ({ opType }) => opType,
        ({ timeMs, share }) => (timeMs > 0 ? share : 0),
      ).map(percent),
  },
  {
    what: 'what a finding or a foretold fix would save, or takes if nobody knows what it would save, as a share of the whole',
    on: ['answer', 'each'],
    words: (report) =>
      [...report.findings.map(({ wouldSaveMs, timeMs }) => wouldSaveMs ?? timeMs), report.foretold?.ms ?? 0].map((ms) =>
        percent(ms / (wholeOf(report) ?? Number.NaN)),
      ),
  },
  {
    what: 'the operators together, where no latency is known',
    on: ['answer', 'each'],
    words: (report) => [time(nodeSum(report))],
  },
  {
    what: 'blocks of the model: the operators under one prefix of their names, their share of all operators, and shares added up',
    on: ['time', 'inside'],
    words: (report) => {
      const whole = nodeSum(report)
      const prefixes = new Map<string, number>()
      for (const { name, origin, timeMs } of report.nodes) {
        const path = origin[0] ?? name
        const parts = path.split(path.includes('/') ? '/' : '.').filter((part) => part !== '')
        for (const depth of parts.keys()) {
          const prefix = parts.slice(0, depth).join('/')
          prefixes.set(prefix, (prefixes.get(prefix) ?? 0) + timeMs)
        }
      }
      const inBlocks = [...prefixes.entries()]
      const soFar = [...new Set(inBlocks.map(([prefix]) => prefix.split('/').length))].flatMap((depth) => {
        const level = inBlocks
          .filter(([prefix]) => prefix !== '' && prefix.split('/').length === depth)
          .sort(([, a], [, b]) => b - a)
        return level.map((_, at) => sum(level.slice(0, at + 1).map(([, ms]) => ms)) / whole)
      })
      return [
        ...[whole, ...inBlocks.map(([, ms]) => ms)].flatMap((ms) => [time(ms), percent(ms / whole)]),
        ...[...report.nodes.map(({ timeMs }) => timeMs / whole), ...soFar].map(percent),
      ]
    },
  },
  {
    what: 'shares of operators added up, longest first',
    on: ['operators'],
    words: (report) => {
      let soFar = 0
      return [...report.nodes]
        .sort((a, b) => b.timeMs - a.timeMs)
        .flatMap((node) => {
          soFar += shareOf(report, node)
          return [percent(soFar), percent(shareOf(report, node))]
        })
    },
  },
  {
    what: 'what a trial takes less or more than its own baseline',
    on: ['tried'],
    words: ({ trials }) =>
      trials.flatMap(({ beforeMs, afterMs }) =>
        beforeMs === null || afterMs === null ? [] : [percent(Math.abs(afterMs / beforeMs - 1))],
      ),
  },
  {
    what: 'time over the floor',
    on: ['operators'],
    words: ({ nodes }) => nodes.flatMap(({ timeMs, floorMs }) => (floorMs === null ? [] : [time(timeMs - floorMs)])),
  },
  {
    what: 'the rate that an operator reaches',
    on: ['operators', 'roofline'],
    words: ({ nodes }) =>
      nodes.flatMap(({ flops, timeMs }) => (flops === null || timeMs <= 0 ? [] : [rate((flops / timeMs) * 1000, 'FLOP')])),
  },
  {
    what: 'the floor as a share of the time: of one operator, and of all of the roofline',
    on: ['roofline'],
    words: (report) => {
      const [drawnMs, floorMs] = [
        sum(withWork(report).map(({ timeMs }) => timeMs)),
        sum(withWork(report).map(({ floorMs: own }) => own ?? 0)),
      ]
      const shares = report.nodes.flatMap(({ timeMs, floorMs: own }) => (own === null ? [] : [percent(own / timeMs)]))
      const rest = nodeSum(report) - drawnMs
      return [time(drawnMs), time(floorMs), percent(floorMs / drawnMs), time(rest), percent(rest / nodeSum(report)), ...shares]
    },
  },
  {
    what: 'single samples, how many times the median of their process they are, and quantiles of all',
    on: ['samples'],
    words: (report) => {
      const sorted = sortedSamples(report)
      const blocks = report.latency?.blocks ?? []
      if (sorted.length === 0) return []
      return [
        ...blocks.flatMap(({ samplesMs = [], p50Ms }) => samplesMs.flatMap((ms) => [time(ms), ...times(ms / p50Ms)])),
        ...[sorted[0]!, sorted.at(-1)!, quantile(sorted, 17 / 20), quantile(sorted, 19.5 / 20)].map(time),
      ]
    },
  },
  {
    what: 'half the interval of the median, as a share of it; of a program with one process half of the middle half of its calls',
    on: ['samples'],
    words: (report) => {
      const { latency, pipeline } = report
      if (latency === null) return []
      const { p50Ms, ciLowMs, ciHighMs } = latency
      const medians = pipeline?.processesMs ?? []
      const sorted = sortedSamples(report)
      return [
        plusMinus((ciHighMs - ciLowMs) / 2 / p50Ms),
        ...(medians.length > 1 ? [plusMinus((Math.max(...medians) - Math.min(...medians)) / 2 / p50Ms)] : []),
        ...(sorted.length > 0 ? [plusMinus((quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2 / p50Ms)] : []),
      ]
    },
  },
  {
    what: 'the cost of one thread, row or token at a size, how it changes, and how many times as fast more threads are',
    on: ['scaling'],
    words: ({ sweeps }) =>
      sweeps.flatMap(({ points }) => {
        const per = points.map(({ p50Ms, at }) => p50Ms / at)
        const change = percent(Math.abs(1 - per.at(-1)! / per[0]!))
        return [change, ...per.map(time), ...points.flatMap(({ p50Ms }) => times(points[0]!.p50Ms / p50Ms))]
      }),
  },
  {
    what: 'the int8 rate over the float32 rate, and what the measured parts add up to',
    on: ['what-if'],
    words: ({ machine, breakdown, latency }) => {
      const { float32 = 1, int8 = 1 } = machine.roofs[0]?.flopsPerSecond ?? {}
      const modelled = sum(breakdown.map(({ timeMs }) => timeMs))
      // Sliders begin at the machine as it is.
      return [factor(int8 / float32), time(modelled), factor((latency?.p50Ms ?? 0) / modelled), '1.00×', '100 %', '0 %']
    },
  },
  {
    what: 'an operator here over the recorded one: of shares, or of times',
    on: ['same-model'],
    words: ({ trace }) =>
      (trace?.model?.rows ?? []).flatMap(({ share, timeMs, here }) =>
        here ? [factor(here.share / share), factor(here.timeMs / timeMs)] : [],
      ),
  },
  {
    what: 'the time of a file’s lines, and of the engine’s runs as a share of the median',
    on: ['lines', 'inside'],
    words: ({ lines, pipeline, latency }) => [
      ...sums(
        lines ?? [],
        ({ file }) => file,
        ({ timeMs }) => timeMs,
      ).map(time),
      ...(pipeline?.sessions ?? []).map(({ runMs }) => percent(runMs / (latency?.p50Ms ?? Number.NaN))),
    ],
  },
  {
    what: 'modules of one place in repeated layers together, those that are not drawn together, and dispatch: also as a share of the model',
    on: ['torch'],
    words: ({ pipeline }) => {
      if (pipeline?.torch == null) return []
      const { modules, p50Ms, dispatchMs } = pipeline.torch
      const alike = sums(
        modules,
        ({ name, type }) => `${name.replace(/(?<=^|\.)\d+(?=\.|$)/g, '*')} ${type}`,
        ({ selfMs }) => selfMs,
      ).sort((a, b) => b - a)
      const left = alike.map((_, at) => sum(alike.slice(at)))
      const dispatch = dispatchMs === null ? [] : [dispatchMs, p50Ms - dispatchMs]
      return [...alike, ...left, ...dispatch].flatMap((ms) => [time(ms), percent(ms / p50Ms)])
    },
  },
]

const OF_LOAD: readonly Derived<LoadDocument>[] = [
  {
    what: 'a part of the slowest, or the typical, requests as a share of their latency',
    on: ['tail'],
    words: ({ points }) =>
      points.flatMap(({ parts }) =>
        [parts?.slowest, parts?.typical].flatMap((means) => (means?.partsMs ?? []).map((ms) => percent(ms / means!.latencyMs))),
      ),
  },
  {
    what: 'the requests of a run over the bound, and without a good answer, as a share of its requests',
    on: ['search', 'curve'],
    words: ({ search, points }) => [
      ...(search?.runs ?? []).map(({ over, requests }) => percent(over / requests)),
      ...points.map(({ errors, requests }) => percent(errors / requests)),
    ],
  },
]

const OF_GENERATION: readonly Derived<GenerationDocument>[] = [
  {
    what: 'a part as a share of the whole, and the parts that are reading alone together',
    on: ['token', 'first-token'],
    words: ({ tokenParts, firstTokenParts }) =>
      [tokenParts, firstTokenParts].flatMap((of) => {
        if (of === null) return []
        const floorMs = of.parts.filter(({ id }) => isFloor(id)).reduce((sum, { ms }) => sum + ms, 0)
        return [time(floorMs), percent(floorMs / of.totalMs), ...of.parts.map(({ ms }) => percent(ms / of.totalMs))]
      }),
  },
  {
    what: 'a time with its interval',
    on: ['answer', 'setup'],
    words: ({ speed }) =>
      [speed.timePerTokenMs, speed.timeToFirstTokenMs].flatMap((one) => (one === null ? [] : [measured(one), time(one.value)])),
  },
  {
    what: 'what each thousand tokens of context add',
    on: ['context'],
    words: ({ depthLine }) => (depthLine === null ? [] : numbersIn(slopeWords(depthLine))),
  },
]

const OF_EMBEDDING: readonly Derived<EmbeddingDocument>[] = [
  {
    what: 'how many times as fast a way is',
    on: ['ways'],
    words: ({ ways }) => ways.flatMap(({ ratio }) => (ratio === null ? [] : [factor(1 / ratio.value)])),
  },
  {
    what: 'a part as a share of the whole',
    on: ['one', 'batch'],
    words: ({ oneParts, batchParts }) =>
      [oneParts, batchParts].flatMap((of) => (of === null ? [] : of.parts.map(({ ms }) => percent(ms / of.totalMs)))),
  },
  {
    what: 'a time with its interval, and tokens as whole numbers',
    on: ['answer', 'setup'],
    words: ({ ways, openMs, firstTextMs, lengths }) => [
      ...[ways[0]!.msPerText, openMs, firstTextMs].flatMap((one) => [measured(one), time(one.value)]),
      ...[lengths.median, lengths.p90].map((tokens) => String(Math.round(tokens))),
    ],
  },
]

const OF_GAP: readonly Derived<GapDocument>[] = [
  {
    what: 'a rung as a share of the first',
    on: ['rungs'],
    words: ({ rungs }) => rungs.map(({ timeMs }) => percent(timeMs / rungs[0]!.timeMs)),
  },
]

const OF_LINT: readonly Derived<LintDocument>[] = [
  {
    what: 'operators of one type and condition together: their conversions, themselves, and what they would save, of the median too',
    on: ['answer'],
    words: ({ unfused, measured }) => {
      const key = ({ opType, condition, breaks }: LintDocument['unfused'][number]) => [opType, condition, breaks].join('\n')
      const saved = sums(unfused, key, ({ wouldSaveMs }) => wouldSaveMs ?? Number.NaN)
      return [
        ...saved.flatMap((ms) => [time(ms), percent(ms / (measured?.p50Ms ?? Number.NaN))]),
        ...sums(unfused, key, ({ conversionsMs }) => conversionsMs ?? Number.NaN).map(time),
        ...sums(unfused, key, ({ operatorMs }) => operatorMs ?? Number.NaN).map(time),
      ]
    },
  },
  {
    what: 'an operator in float with its conversions',
    on: ['float'],
    words: ({ unfused }) => unfused.map(({ operatorMs, conversionsMs }) => time((operatorMs ?? 0) + (conversionsMs ?? 0))),
  },
]

/** What may be drawn in a part beside the words of the fields. */
export function derivedWords(documents: readonly object[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byPart = new Map<string, Set<string>>()
  const add = <Document>(all: readonly Derived<Document>[], document: Document): void => {
    for (const { on, words } of all)
      for (const part of on) byPart.set(part, new Set([...(byPart.get(part) ?? []), ...words(document)]))
  }
  for (const document of documents) {
    const { schema, reports = [] } = document as { schema?: string; reports?: object[] }
    if (schema === 'whyslow-load/1') add(OF_LOAD, normalLoad(document))
    else if (schema === 'whyslow-generation/1') add(OF_GENERATION, normalGeneration(document))
    else if (schema === 'whyslow-embedding/1') add(OF_EMBEDDING, normalEmbedding(document))
    else if (schema === 'whyslow-gap/1') add(OF_GAP, normalGap(document))
    else if (schema === 'whyslow-lint/1') add(OF_LINT, normalLint(document))
    for (const report of isReport(schema) ? [document] : reports) add(OF_REPORT, normalReport(report))
  }
  const [before, after] = documents as { schema?: string }[]
  if (before === undefined || after === undefined) return byPart
  if (isReport(before.schema)) add(OF_TWO, [normalReport(before), normalReport(after)])
  else if (before.schema === 'whyslow-load/1') add(OF_TWO_LOADS, [normalLoad(before), normalLoad(after)])
  else if (before.schema === 'whyslow-comparison/1') add(OF_TWO_COMPARISONS, [normalComparison(before), normalComparison(after)])
  return byPart
}
