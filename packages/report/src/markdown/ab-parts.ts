// Parts of two implementations for a pull request: both sides, pair by pair, and where their results differ.

import { plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { AbDocument } from '../documents/ab.ts'
import { changeLines } from '../text/fix-answer.ts'
import { code, fence, type Part, table, text } from './blocks.ts'

/** After the sentence. */
export function abParts({ a, b, pairs, ratio, ratioLow, ratioHigh, levelPercent, outputs, fix }: AbDocument): Part[] {
  const sides = [a, b]
  const known = (ms: number | null) => (ms === null ? '' : time(ms))
  const isScript = b.call.length === 0
  return [
    table([
      { head: '', cells: ['first', 'second'] },
      { head: 'file', cells: sides.map(({ file }) => code(file)) },
      { head: isScript ? 'a run' : 'a call', isNumber: true, cells: sides.map(({ callMs }) => time(callMs)) },
      ...(isScript
        ? []
        : [
            { head: 'first call', isNumber: true, cells: sides.map(({ firstMs }) => known(firstMs)) },
            { head: 'load', isNumber: true, cells: sides.map(({ loadMs }) => known(loadMs)) },
          ]),
      { head: 'runs on', cells: sides.map(({ runtime }) => text(runtime)) },
    ]),
    `The second one's time over the first one's: ${significant(ratio)} (${significant(ratioLow)}–${significant(ratioHigh)}, ${levelPercent} %), over ${plural(pairs.length, 'pair')} of fresh processes in turns.`,
    ...(fix === undefined || fix.shipped === null ? [] : ['### Lines to change', fence(changeLines(fix), 'diff')]),
    ...(outputs.differences.length === 0
      ? []
      : [
          '### Where their results differ',
          outputs.differences
            .map(({ sample, path, reason }) => `- sample ${sample}: ${path === '' ? '' : `${code(path)} `}${text(reason)}`)
            .join('\n'),
        ]),
    outputs.notes.map((note) => `- ${text(note)}`).join('\n'),
    {
      summary: 'Pair by pair',
      blocks: [
        table([
          { head: 'pair', isNumber: true, cells: pairs.map((_, index) => String(index + 1)) },
          { head: 'first', isNumber: true, cells: pairs.map(({ aMs }) => time(aMs)) },
          { head: 'second', isNumber: true, cells: pairs.map(({ bMs }) => time(bMs)) },
        ]),
      ],
    },
  ]
}
