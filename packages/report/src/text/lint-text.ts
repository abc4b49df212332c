// The end of `lint`: the sentence, what did not fuse and why, what did, what to look out for. Drawn from the lint document alone.

import { percent, plural, time } from '@whyslow/measure/statistics/numbers.ts'
import type { LintDocument } from '../documents/lint.ts'
import { type MadeUp, madeUpSentences } from './answers/likeness.ts'
import { speedupRange } from './fix-answer.ts'
import { type Colours, labelLines, page, paper, type TerminalOptions, warningLines } from './page.ts'
import { wrap, wrapHanging } from './wrap.ts'

type Unfused = LintDocument['unfused'][number]

/** Groups that break the same condition are listed together, and this many of them are named. */
const NAMED = 3

/** The whole report as text that ends with a line end. Pure. */
export function renderLint(doc: LintDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  return page([
    wrap(doc.answer, width).map(colours.bold),
    unfused(doc, width, colours),
    fused(doc, width),
    hazardLines(doc, width, colours),
    repair(doc, width, colours),
    measured(doc, width),
    warningLines(doc.warnings, width, colours),
  ])
}

function unfused({ unfused, measured }: LintDocument, width: number, colours: Colours): string[] {
  if (unfused.length === 0) return []
  const lines = [colours.bold('Runs in float, or not fused')]
  const p50Ms = measured?.p50Ms ?? null
  for (const [at, rows] of byReason(unfused).entries()) {
    const [first] = rows as [Unfused, ...Unfused[]]
    const more = rows.length > NAMED ? ` and ${rows.length - NAMED} more` : ''
    const names = rows.slice(0, NAMED).map(({ node }) => node)
    lines.push(...wrap(`${names.join(', ')}${more} (${first.opType}): ${first.breaks}`, width, `${at + 1}. `))
    lines.push(...wrap(costOf(rows, p50Ms), width, '   '))
    const remedy = first.mend
    if (remedy !== null)
      lines.push(...wrap(`whyslow fix -o repaired.onnx can repair it (${remedy})`, width, '   ').map(colours.green))
  }
  return lines
}

/** Rows with the same words, in the order of the first of them. */
function byReason(rows: readonly Unfused[]): Unfused[][] {
  const groups = new Map<string, Unfused[]>()
  for (const row of rows) {
    const key = `${row.opType}\n${row.breaks}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()]
}

function costOf(rows: readonly Unfused[], p50Ms: number | null): string {
  const sum = (of: (row: Unfused) => number | null): number | null => {
    const known = rows.map(of)
    return known.includes(null) ? null : known.reduce<number>((total, ms) => total + ms!, 0)
  }
  const [conversions, operators, saving] = [
    sum((row) => row.conversionsMs),
    sum((row) => row.operatorMs),
    sum((row) => row.wouldSaveMs),
  ]
  const parts: string[] = []
  const share = (ms: number) => (p50Ms === null ? '' : ` (${percent(ms / p50Ms)})`)
  if (rows.some((row) => row.conversions.length > 0))
    parts.push(conversions === null ? 'conversions were not timed' : `conversions ${time(conversions)}${share(conversions)}`)
  parts.push(
    operators === null ? 'the operator was not timed' : `${rows.length === 1 ? 'operator' : 'operators'} ${time(operators)}`,
  )
  if (saving !== null && saving > 0) parts.push(`fixed, it would save up to ${time(saving)} (estimated)`)
  return parts.join('; ')
}

function fused({ fused, borders }: LintDocument, width: number): string[] {
  const lines: string[] = []
  if (fused.length > 0) {
    const said = fused.map(({ opType, nodes, timeMs }) => `${nodes} ${opType} ${time(timeMs)}`)
    lines.push(...wrapHanging(`Runs in int8: ${said.join(', ')}.`, width))
  }
  if (borders.nodes > 0) {
    const plural = borders.nodes === 1 ? 'conversion' : 'conversions'
    lines.push(...wrapHanging(`Where float begins and ends: ${borders.nodes} ${plural}, ${time(borders.timeMs)}.`, width))
  }
  return lines
}

function hazardLines({ hazards }: LintDocument, width: number, colours: Colours): string[] {
  if (hazards.length === 0) return []
  const lines = hazards.flatMap(({ title, detail }) => wrap(`${title}: ${detail}`, width, '- '))
  return [colours.bold('Look out for'), ...lines]
}

function repair({ repair }: LintDocument, width: number, colours: Colours): string[] {
  if (repair === null) return []
  const { beforeMs, afterMs, speedupLow, speedupHigh, proven, out } = repair
  const known = beforeMs !== null && afterMs !== null && speedupLow !== null && speedupHigh !== null
  if (!proven || !known)
    return wrap('Repair: nothing that was tried is proven faster with outputs that agree, so nothing was written.', width)
  const changes = repair.changes.join(', ')
  const text = `Fixed: ${time(beforeMs)} to ${time(afterMs)} (${speedupRange(speedupLow, speedupHigh)}), ${repair.outputs}; ${changes}.`
  return [...wrap(text, width).map(colours.bold), ...(out === null ? [] : wrapHanging(`Written: ${out}`, width))]
}

/** Documents of versions before have the names of made-up inputs alone. */
export const lintedInputs = ({ inputs, syntheticInputs }: NonNullable<LintDocument['measured']>): readonly MadeUp[] =>
  inputs ?? syntheticInputs.map((name) => ({ name, source: 'synthetic' }))

function measured({ measured }: LintDocument, width: number): string[] {
  if (measured === null) return []
  const { engine, machine, trust, reasons } = measured
  const on = `${engine.id} ${engine.version}, ${plural(engine.threadsInUse, 'thread')}, graph optimization ${engine.graphOptimization}`
  const madeUp = madeUpSentences(lintedInputs(measured)).join(' ')
  return labelLines(
    [
      ['Trust', [trust, ...(reasons.length > 0 ? [reasons.join('; ')] : [])].join(': ')],
      ['Engine', on],
      ['Machine', machine.cpu],
      ['Inputs', madeUp || null],
    ],
    width,
    9,
  )
}
