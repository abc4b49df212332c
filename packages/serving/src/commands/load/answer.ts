// The one sentence that answers.

import { rateInWords, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { LoadDocument, LoadPoint, LoadSearch } from '@whyslow/report/documents/load.ts'
import { isLimited } from '../../load/generator-limit.ts'
import { longerRuns } from '../../load/search.ts'

/** The search's end, with what to do about it. */
function endingOf({ ended, longerSeconds }: LoadSearch): string {
  if (longerSeconds === undefined) return ended
  return `${ended}; make the runs longer (${longerSeconds === null ? '--duration' : longerRuns(longerSeconds)})`
}

export function answerOf(document: Omit<LoadDocument, 'answer'>): string {
  const { found, search, points } = document
  if (search !== null) {
    const ended = endingOf(search)
    if (found === null) return `No rate was found that holds ${search.objective}: ${ended}.`
    const runs = `${found.confirmed} of ${search.confirmingRuns} confirming runs`
    if (found.confirmed < search.confirmingRuns)
      return `${rateInWords(found.ratePerSecond)} requests/s held ${search.objective}, which is not confirmed: ${ended}.`
    if (found.atLeast)
      return `At least ${rateInWords(found.ratePerSecond)} requests/s hold ${search.objective}, in ${runs}; higher rates are unknown: ${ended}.`
    if (search.ended !== 'confirmed')
      return (
        `${rateInWords(found.ratePerSecond)} requests/s hold ${search.objective}, in ${runs}; the highest rate is between` +
        ` ${rateInWords(found.low)} and ${rateInWords(found.high)}: ${ended}.`
      )
    return (
      `${rateInWords(found.ratePerSecond)} requests/s (${rateInWords(found.low)}–${rateInWords(found.high)}) is the highest rate that holds` +
      ` ${search.objective}, in ${runs}.`
    )
  }
  const holding = points.filter((point) => !point.saturated && !isLimited(point))
  const full = points.find(({ saturated }) => saturated)
  const beyondIt = points.find(isLimited)
  const last = holding.at(-1)
  if (last === undefined) {
    if (full === undefined)
      return `The generator does not keep up with ${rateInWords(beyondIt!.offeredPerSecond!)} requests/s here, so this says nothing about the server.`
    const { offeredPerSecond, achievedPerSecond } = full
    return `The server does not keep up: of ${rateInWords(offeredPerSecond!)} requests/s it answers ${rateInWords(achievedPerSecond)}.`
  }
  const beyond = [
    ...(full === undefined ? [] : [`; at ${rateInWords(full.offeredPerSecond!)} requests/s the server does not keep up`]),
    ...(beyondIt === undefined
      ? []
      : [`; with ${rateInWords(beyondIt.offeredPerSecond!)} requests/s the generator does not keep up here`]),
  ].join('')
  return `${asked(last)} ${latency(last)}${beyond}.${streamSentence(last)}`
}

/** What readers of streams wait for: the first token, and each after it. */
function streamSentence({ streams }: LoadPoint): string {
  const first = streams?.firstTokenMs?.p50
  if (first == null) return ''
  const token = streams?.timePerTokenMs?.p50
  return ` Half of the first tokens arrive within ${time(first)}${token == null ? '' : `, and each token after it takes ${time(token)}`}.`
}

const asked = ({ offeredPerSecond, clients }: LoadPoint): string =>
  offeredPerSecond === null
    ? clients === 1
      ? 'With 1 client that waits for its answers'
      : `With ${clients} clients that wait for their answers`
    : `At ${rateInWords(offeredPerSecond)} requests/s`

function latency(point: LoadPoint): string {
  const { p99Ms, p50Ms, intervals, requests, errors } = point
  if (requests > 0 && errors === requests) return 'every request fails'
  const bad = errors > 0 ? `, and ${errors} of ${requests} requests fail` : ''
  const throughput = point.offeredPerSecond === null ? `, ${rateInWords(point.achievedPerSecond)} answers/s` : ''
  if (point.keepsUp === null) return `it is not clear whether the server keeps up: make the run longer (--duration)${bad}`
  if (p99Ms !== null) return `99 % of the answers arrive within ${withInterval(p99Ms, intervals.p99Ms)}${throughput}${bad}`
  if (p50Ms !== null) return `half of the answers arrive within ${withInterval(p50Ms, intervals.p50Ms)}${throughput}${bad}`
  if (point.generatorLimit === 'sends-late') return `the generator sent too late for a percentile${bad}`
  return `${requests} requests are too few for a percentile${bad}`
}

const withInterval = (ms: number, interval: { readonly low: number; readonly high: number | null } | null): string =>
  interval === null || interval.high === null ? time(ms) : timeWithInterval(ms, interval.low, interval.high)
