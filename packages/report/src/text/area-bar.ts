// One stacked bar for the partition of the p50: the three areas and what stays unexplained. The blocks differ in shade, so that
// the bar reads without colour.

import { sharePercent } from '@whyslow/measure/statistics/numbers.ts'
import type { AreaName, ReportDocument } from '../documents/report.ts'
import { excessNote } from './answers/parts-above-whole.ts'
import type { Colours } from './page.ts'
import { cells, wrap } from './wrap.ts'

const order: readonly { readonly area: AreaName | 'unexplained'; readonly block: string; readonly colour: keyof Colours }[] = [
  { area: 'architecture', block: '█', colour: 'blue' },
  { area: 'hardware', block: '▓', colour: 'magenta' },
  { area: 'software', block: '▒', colour: 'yellow' },
  { area: 'unexplained', block: '░', colour: 'gray' },
]

/**
 * Bar and legend, the bar `width` cells long. An area below zero takes no room: `unexplained` is negative if the parts add up to more than
 * the latency, and a note says so. Empty if no area has time.
 */
export function areaBar(areas: ReportDocument['areas'], width: number, colours: Colours): string[] {
  const drawn = order.map(({ area }) => Math.max(0, areas[area].share))
  const sum = drawn.reduce((total, share) => total + share, 0)
  if (sum <= 0) return []
  const lengths = apportion(drawn, sum, width)
  const paint = (index: number, text: string) => (colours[order[index]!.colour] as (text: string) => string)(text)
  const bar = order.map(({ block }, index) => (lengths[index]! > 0 ? paint(index, block.repeat(lengths[index]!)) : '')).join('')
  const note = excessNote(areas)
  return [bar, ...legend(areas, width, paint), ...(note === null ? [] : wrap(note, width).map(colours.gray))]
}

/** Whole cells in proportion to the shares, adding up to the width: the largest remainders get the cells that are left. */
function apportion(shares: readonly number[], sum: number, width: number): number[] {
  const exact = shares.map((share) => (share / sum) * width)
  const whole = exact.map(Math.floor)
  const byRemainder = exact.map((value, index) => ({ index, rest: value - whole[index]! })).sort((a, b) => b.rest - a.rest)
  const left = width - whole.reduce((total, value) => total + value, 0)
  for (const { index } of byRemainder.slice(0, left)) whole[index]! += 1
  return whole
}

function legend(areas: ReportDocument['areas'], width: number, paint: (index: number, text: string) => string): string[] {
  const lines: string[] = []
  let line = ''
  let used = 0
  for (const [index, { area, block }] of order.entries()) {
    const text = ` ${area} ${sharePercent(areas[area].share)}`
    const length = cells(block) + cells(text)
    if (used > 0 && used + 2 + length > width) {
      lines.push(line)
      line = ''
      used = 0
    }
    line += (used > 0 ? '  ' : '') + paint(index, block) + text
    used += (used > 0 ? 2 : 0) + length
  }
  return [...lines, line]
}
