// What a check says: one sentence, what it stands on, and its warnings.

import { significant, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { CheckDocument, CheckJudged } from '../documents/check.ts'
import { shortNames } from './contestant-names.ts'
import { speedupRange } from './fix-answer.ts'
import { page, paper, type TerminalOptions, warningLines } from './page.ts'
import { wrap, wrapHanging } from './wrap.ts'

/** One sentence. Pure. */
export function checkAnswer({
  verdict,
  failAbove,
  ratio,
  ratioLow,
  ratioHigh,
  model,
  baseline,
  judged,
}: Omit<CheckDocument, 'answer'>): string {
  const names = shortNames([model.file, baseline.file])
  if (judged !== undefined)
    return judgedAnswer(judged, { verdict, failAbove, model: names.get(model.file)!, baseline: names.get(baseline.file)! })
  const times = `${names.get(model.file)} takes ${significant(ratio)}× (${speedupRange(ratioLow, ratioHigh)}) the time of ${names.get(baseline.file)}`
  if (verdict === 'within') return `${times}: within ${failAbove}×.`
  if (verdict === 'above') return `${times}: above ${failAbove}×.`
  const holds = ratioLow <= failAbove && ratioHigh > failAbove
  const why = holds ? `the confidence interval includes ${failAbove}` : 'the machine was in a different state in the two runs'
  return `${times}: inconclusive, because ${why}; not treated as a failure.`
}

interface Judgement extends Pick<CheckDocument, 'verdict' | 'failAbove'> {
  readonly model: string
  readonly baseline: string
}

function judgedAnswer(judged: CheckJudged, { verdict, failAbove, model, baseline }: Judgement): string {
  const { statistic, ratio, ratioLow, ratioHigh, samples, leastSamples, longerSeconds } = judged
  if (ratio === null || ratioLow === null || ratioHigh === null) {
    const longer = longerSeconds === undefined ? '' : ` (--duration ${longerSeconds})`
    const why =
      samples < leastSamples
        ? `a ${statistic} needs ${leastSamples} predictions of each model, and ${samples} were measured`
        : `${samples} predictions of each model do not bound its ${statistic}`
    return `Inconclusive: ${why}; measure longer${longer}. Not treated as a failure.`
  }
  const what = statistic === 'throughput' ? 'the time per prediction, all of them counted,' : `the ${statistic}`
  const found = `${what} of ${model} is ${significant(ratio)}× (${speedupRange(ratioLow, ratioHigh)}) that of ${baseline}`
  const sentence = `${found[0]!.toUpperCase()}${found.slice(1)}`
  if (verdict === 'within') return `${sentence}: within ${failAbove}×.`
  if (verdict === 'above') return `${sentence}: above ${failAbove}×.`
  return `${sentence}: inconclusive, because the confidence interval includes ${failAbove}; not treated as a failure.`
}

/** The ratio of a percentile is over all rounds together. */
const isRatioOfIntervals = ({ judged }: CheckDocument): boolean => judged?.unit === 'ms'

/** Values of a throughput, or of a percentile. */
const judgedValues = ({ statistic, unit, model, baseline, samples }: CheckJudged): string =>
  model === null || baseline === null
    ? `${statistic}: unknown, of ${samples} predictions`
    : unit === 'ms'
      ? `${statistic}: ${time(model)}, baseline ${time(baseline)}, of ${samples} predictions each`
      : `${statistic}: ${significant(model)} predictions/s one after another, baseline ${significant(baseline)}`

/** Ends with a line end. Pure. */
export function renderCheck(doc: CheckDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const { model, baseline, rounds } = doc
  const paint = { within: colours.green, above: colours.red, unclear: colours.yellow }[doc.verdict]
  const latency = (one: typeof model) => timeWithInterval(one.p50Ms, one.ciLowMs, one.ciHighMs)
  const how = baseline.paired
    ? `${rounds} rounds of fresh processes that take turns; ${isRatioOfIntervals(doc) ? 'of two 95 % intervals the widest ratio' : '99 % interval, ratios round by round'}`
    : 'the intervals of two separate runs, between which the machine may have changed; with a model as --baseline, both take turns'
  const basis = [
    ...wrapHanging(`${model.file}: ${latency(model)}`, width),
    ...wrapHanging(`${baseline.file}: ${latency(baseline)}`, width),
    ...(doc.judged === undefined ? [] : wrapHanging(judgedValues(doc.judged), width)),
    ...wrapHanging(`${how}.`, width),
    ...(doc.verdict === 'unclear' && baseline.paired
      ? wrap('For a narrower interval: --runs 30, or a quieter machine.', width)
      : []),
    ...warningLines(doc.warnings, width, colours),
  ]
  return page([wrap(doc.answer, width).map(paint), basis])
}
