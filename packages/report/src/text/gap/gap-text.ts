// What `pipeline --explain-gap` says: which differences between the application and a benchmark matter, then every rung.

import { percent, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { GapDocument } from '../../documents/gap.ts'
import { page, paper, type TerminalOptions, table, warningLines } from '../page.ts'
import { wrap } from '../wrap.ts'
import { gapLeftOut, gapOutcome } from './gap-answer.ts'

/** Ends with a line end. Pure. */
export function renderGap(doc: GapDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const { rungs } = doc
  const first = rungs[0]!.timeMs
  const rows = table(
    [
      { head: '', texts: rungs.map((_, k) => `${k}`) },
      { head: 'a call', side: 'left', texts: rungs.map(({ timeMs }) => time(timeMs)) },
      { head: 'vs. 0', side: 'left', texts: rungs.map(({ timeMs }) => percent(timeMs / first)) },
      { head: 'saved', side: 'left', texts: rungs.map(({ savedMs }) => (savedMs === null ? '' : time(savedMs))) },
      { head: 'times', side: 'left', texts: rungs.map(({ ratio }) => (ratio === null ? '' : `${significant(ratio)}×`)) },
      {
        head: '95 %',
        texts: rungs.map(({ ratioLow, ratioHigh }) =>
          ratioLow === null ? '' : `${significant(ratioLow)}–${significant(ratioHigh!)}`,
        ),
      },
      { head: '', texts: rungs.map(gapOutcome) },
    ],
    colours,
  )
  return page([
    wrap(doc.answer, width),
    rows,
    rungs.flatMap(({ title }, k) => wrap(title, width, `${k}  `)),
    gapLeftOut(doc).flatMap(({ name, reason }) => wrap(`${name}: ${reason}`, width, 'not measured  ')),
    wrap(`${doc.processes} fresh processes on ${doc.runtime}, each measures every rung down and up again.`, width),
    warningLines(doc.warnings, width, colours),
  ])
}
