// What `whyslow -- COMMAND` prints: what a request spends its time on, the models, and the command to type next.

import { percent, plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { WatchDocument } from '../../documents/watch.ts'
import { type Column, labelLines, page, paper, type TerminalOptions, table, warningLines } from '../page.ts'
import { quoteWord, wrap } from '../wrap.ts'

const LABEL = 10
/** Less of a request is not worth a line. */
const NO_SHARE = 0.0005

/** Ends with a line end. Pure. */
export function renderWatch(doc: WatchDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const { requests, parts, models, next } = doc
  const shown = parts.filter(({ meanMs }) => Math.abs(meanMs) > NO_SHARE * (requests.meanMs ?? 0))
  const times = (head: string, key: 'timeMs' | 'meanMs' | 'slowestMs'): Column => {
    const all = parts.reduce((sum, part) => sum + part[key], 0)
    return { head, side: 'left', texts: [...shown.map((part) => time(part[key])), time(all)] }
  }
  return page([
    wrap(doc.answer, width),
    shown.length === 0
      ? []
      : table(
          [
            { head: 'a request', texts: [...shown.map(({ name }) => name), 'all'] },
            times('typical', 'timeMs'),
            { head: 'of all', side: 'left', texts: [...shown.map(({ share }) => percent(share)), ''] },
            times('mean', 'meanMs'),
            times(`slowest ${percent(requests.slowestShare)}`, 'slowestMs'),
          ],
          colours,
        ),
    labelLines(
      [
        ['requests', requests.seen === 0 ? null : requestWords(doc)],
        ...models.map((model): [string, string] => ['model', modelWords(model)]),
        ['watched', doc.processes.map(processWords).join('; ')],
      ],
      width,
      LABEL,
    ),
    next === null
      ? []
      : wrap(next.why, width, 'Next: ').concat(`  ${[options.command ?? 'whyslow', ...next.arguments.map(quoteWord)].join(' ')}`),
    warningLines(doc.warnings, width, colours),
  ])
}

function processWords({ runtime, pid, threads, script }: WatchDocument['processes'][number]): string {
  const more = [...(script === null ? [] : [script]), ...(threads > 1 ? [plural(threads, 'thread')] : [])]
  return `${runtime}, process ${pid}${more.length === 0 ? '' : ` (${more.join(', ')})`}`
}

function requestWords({ requests, url, ratePerSecond }: WatchDocument): string {
  const { judged, seen, p50Ms, p90Ms, p99Ms, unanswered, failed, basis } = requests
  const all = url === null ? plural(seen, 'request') : `${plural(judged, 'request')} after a warm-up`
  return [
    url === null && judged < seen ? `${judged} of ${all}` : all,
    ...(url === null ? [] : [`sent by whyslow to ${url} at ${significant(ratePerSecond!)}/s`]),
    ...(p50Ms === null ? [] : [`p50 ${time(p50Ms)}`]),
    ...(p90Ms === null ? [] : [`p90 ${time(p90Ms)}`]),
    ...(p99Ms === null ? [] : [`p99 ${time(p99Ms)}`]),
    ...(p50Ms === null
      ? []
      : [basis === 'client' ? 'as the client saw them' : 'from when the server read them to the end of the answer']),
    ...(unanswered > 0 ? [`${unanswered} without an answer`] : []),
    ...(failed > 0 ? [`${failed} failed (status 5xx)`] : []),
  ].join(', ')
}

function modelWords({
  name,
  engine,
  version,
  callsPerRequest,
  calls,
  p50Ms,
  aloneMs,
  onLoop,
}: WatchDocument['models'][number]): string {
  return [
    `${name} in ${engine}${version === null ? '' : ` ${version}`}`,
    callsPerRequest > 0 ? `${plural(Number(significant(callsPerRequest)), 'call')} a request` : plural(calls, 'call'),
    ...(p50Ms === null ? [] : [`${time(p50Ms)} each${aloneMs === null ? '' : `, ${time(aloneMs)} alone`}`]),
    ...(onLoop === true ? ['computes on the thread that calls it'] : []),
  ].join(', ')
}
