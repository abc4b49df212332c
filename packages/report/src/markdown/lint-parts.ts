// Parts of a quantized model's lint for a pull request: what runs in float and why, what runs in few bits, what to look out for.

import { plural, time } from '@whyslow/measure/statistics/numbers.ts'
import type { LintDocument } from '../documents/lint.ts'
import { code, type Part, table, text } from './blocks.ts'

const MOST_ROWS = 12

/** After the sentence. */
export function lintParts({ unfused, fused, borders, hazards, repair }: LintDocument): Part[] {
  const rows = unfused.slice(0, MOST_ROWS)
  const known = (ms: number | null) => (ms === null ? 'not known' : time(ms))
  return [
    ...(rows.length === 0 ? [] : ['### Runs in float, or apart']),
    table([
      { head: 'node', cells: rows.map(({ node }) => code(node, 60)) },
      { head: 'type', cells: rows.map(({ opType }) => code(opType, 40)) },
      { head: 'why', cells: rows.map(({ breaks }) => text(breaks)) },
      { head: 'would save', isNumber: true, cells: rows.map(({ wouldSaveMs }) => known(wouldSaveMs)) },
      { head: 'can be repaired', cells: rows.map(({ mend }) => (mend === null ? '' : code(mend))) },
    ]),
    ...(unfused.length > rows.length ? [`${plural(unfused.length - rows.length, 'more node')} in \`--json\`.`] : []),
    ...(repair === null ? [] : [repairSaid(repair)]),
    hazards.map(({ title, detail }) => `- **${text(title)}:** ${text(detail)}`).join('\n'),
    {
      summary: 'Runs in int8 or with few-bit weights',
      blocks: [
        table([
          { head: 'type', cells: fused.map(({ opType }) => code(opType)) },
          { head: 'nodes', isNumber: true, cells: fused.map(({ nodes }) => String(nodes)) },
          { head: 'time', isNumber: true, cells: fused.map(({ timeMs }) => time(timeMs)) },
        ]),
        borders.nodes === 0
          ? ''
          : `Where float begins and ends: ${plural(borders.nodes, 'conversion')}, ${time(borders.timeMs)}.`,
      ],
    },
  ]
}

function repairSaid({ proven, beforeMs, afterMs, outputs, out, changes }: NonNullable<LintDocument['repair']>): string {
  if (!proven || beforeMs === null || afterMs === null)
    return 'Repair: nothing that was tried is proven faster with outputs that agree, so nothing was written.'
  const written = out === null ? '' : `; written: ${code(out)}`
  return `**Fixed:** ${time(beforeMs)} → ${time(afterMs)}, ${text(outputs)} (${changes.map((one) => code(one)).join(', ')})${written}`
}
