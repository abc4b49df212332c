// What was estimated of another machine, on a terminal. Drawn from the document alone.

import { percent, plural, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { EstimateDocument } from '../documents/foretold.ts'
import { labelLines, page, paper, type TerminalOptions, table } from './page.ts'
import { wrap, wrapHanging } from './wrap.ts'

const LABEL = 10

/** Ends with a line end. Pure. */
export function renderEstimate({ answer, here, there, parts, known, notes }: EstimateDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const judged =
    known === null
      ? null
      : `${plural(known.pairs, 'pair')} of known machines, estimated from each other: median error ${percent(known.medianError)}`
  return page([
    wrap(answer, width).map(colours.bold),
    labelLines(
      [
        ['Here', timeWithInterval(here.p50Ms, here.ciLowMs, here.ciHighMs)],
        ['There', `${timeWithInterval(there.p50Ms, there.lowMs, there.highMs)}, ${there.basis}, grade ${there.grade}`],
        ['Judged by', judged],
      ],
      width,
      LABEL,
    ),
    parts.length === 0
      ? []
      : table(
          [
            { head: 'part', texts: parts.map(({ part }) => part) },
            { head: 'here', side: 'left', texts: parts.map(({ hereMs }) => time(hereMs)) },
            { head: 'there', side: 'left', texts: parts.map(({ thereMs }) => time(thereMs)) },
          ],
          colours,
        ),
    notes.flatMap((note) => wrapHanging(`Note: ${note}`, width)),
  ])
}
