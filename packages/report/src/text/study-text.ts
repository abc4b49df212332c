// The study on a terminal: the sentence, for each model a line a machine, what could not be measured. Drawn from the document alone.

import { metricValue, plural, significant, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { StudyCell, StudyDocument, StudyMachine, StudyRow } from '../documents/study.ts'
import { shortNames } from './contestant-names.ts'
import { listOf } from './foretold.ts'
import { type Column, page, paper, type TerminalOptions, table, warningLines, widthOf } from './page.ts'
import { engineOf } from './study-engine.ts'
import { printable, shorten, wrap, wrapHanging } from './wrap.ts'

const MOST_NAME = 30

/** Ends with a line end. Pure. */
export function renderStudy(doc: StudyDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const names = shortNames([...new Set(doc.table.rows.map(({ model }) => model))])
  const titleOf = (row: StudyRow) =>
    `${printable(names.get(row.model)!)} on ${printable(engineOf(row, doc.table.rows))}; ${printable(row.inputs)}`
  const many = doc.machines.length > 1
  const sections = many
    ? doc.table.rows.map((row) => [
        ...wrap(titleOf(row), width).map(colours.bold),
        ...table(columnsOf(row.cells, doc, width), colours),
      ])
    : [table(oneMachine(doc, names), colours)]
  return page([
    wrap(doc.answer, width).map(colours.bold),
    machineLines(doc, width),
    ...sections,
    many && isPriced(doc) ? wrap('* no other machine is as fast and cheaper, or as cheap and faster', width) : [],
    frontLines(doc, names, width),
    doc.sentences.flatMap((sentence) => wrap(sentence, width, '- ')),
    doc.failures.flatMap(({ model, engine, batch, machine, reason }) =>
      wrapHanging(
        `Not measured: ${printable(model)} on ${engine}${batch === null ? '' : `, batch ${batch}`}${machine === null ? '' : `, on ${printable(machine)}`}: ${printable(reason)}`,
        width,
      ),
    ),
    warningLines(doc.warnings, width, colours),
  ])
}

const MOST_PLACES = 8

/** [] if nothing is beaten, and there is nothing to choose. */
function frontLines({ table: { pareto, rows } }: StudyDocument, names: ReadonlyMap<string, string>, width: number): string[] {
  if (pareto === undefined || pareto.dominated.length === 0) return []
  const said = pareto.front.slice(0, MOST_PLACES).flatMap(({ row, machine }) => {
    const { model, batch } = rows[row]!
    const engine = engineOf(rows[row]!, rows)
    const asked = `${printable(names.get(model)!)} on ${printable(engine)}${batch === null ? '' : `, batch ${batch}`}`
    return wrap(`${asked}, ${printable(machine)}`, width, '- ')
  })
  const rest = pareto.front.length - MOST_PLACES
  const many = `${pareto.front.length} of ${pareto.front.length + pareto.dominated.length}`
  return [
    ...wrap(`Beaten by no other in ${listOf(pareto.axes)} (${many}):`, width),
    ...said,
    ...(rest > 0 ? [`- and ${plural(rest, 'other')}`] : []),
  ]
}

const machineLines = ({ machines }: StudyDocument, width: number): string[] =>
  machines.flatMap(({ id, cpu, usableCpus, threads, pricePerHour }: StudyMachine) => {
    const told = threads === null ? '' : `, ${plural(threads, 'thread')}`
    const price = pricePerHour === null ? '' : `, ${significant(pricePerHour)} an hour`
    return wrap(`${printable(cpu)}, ${plural(usableCpus, 'usable CPU')}${told}${price}`, width, `${id}  `)
  })

const isPriced = ({ machines }: Pick<StudyDocument, 'machines'>): boolean =>
  machines.some(({ pricePerHour }) => pricePerHour !== null)

/** The interval of a speed-up goes where the line would be too long for it. */
function columnsOf(cells: readonly StudyCell[], doc: StudyDocument, width: number): Column[] {
  const priced = isPriced(doc)
  const against = (cell: StudyCell, withInterval: boolean): string => {
    if (cell.machine === doc.table.reference) return 'reference'
    if (cell.ratio === null) return ''
    return `${significant(cell.ratio)}×${withInterval ? ` (${significant(cell.ratioLow!)}–${significant(cell.ratioHigh!)})` : ''}`
  }
  const columns = (withInterval: boolean): Column[] => [
    { head: 'machine', texts: cells.map(({ machine }) => machine) },
    { head: 'latency', side: 'left', texts: cells.map(latencyOf) },
    { head: 'speed-up', side: 'left', texts: cells.map((cell) => against(cell, withInterval)) },
    ...metricColumn(cells),
    ...(priced ? [{ head: 'a million', side: 'left' as const, texts: cells.map(costOf) }] : []),
  ]
  // The first column has no gap before it.
  return widthOf(columns(true)) - 2 > width ? columns(false) : columns(true)
}

const latencyOf = ({ p50Ms, ciLowMs, ciHighMs, trust, reason }: StudyCell): string =>
  p50Ms === null
    ? shorten(printable(reason ?? 'not measured'), MOST_NAME)
    : `${timeWithInterval(p50Ms, ciLowMs!, ciHighMs!)} ${trust}`

function metricColumn(cells: readonly StudyCell[]): Column[] {
  const name = cells.find(({ metric }) => metric != null)?.metric?.name
  if (name === undefined) return []
  const shown = ({ metric }: StudyCell) => (metric == null || metric.name !== name ? '' : metricValue(metric))
  return [{ head: name, side: 'left', texts: cells.map(shown) }]
}

const costOf = ({ costPerMillion, onFront }: StudyCell): string =>
  costPerMillion === null ? '' : `${significant(costPerMillion)}${onFront === true ? ' *' : '  '}`

function oneMachine({ table: { rows }, machines }: StudyDocument, names: ReadonlyMap<string, string>): Column[] {
  if (rows.length === 0) return []
  const cells = rows.map((row) => row.cells[0]!)
  const priced = isPriced({ machines })
  const perSecond = ({ batch }: StudyRow, { p50Ms }: StudyCell) =>
    p50Ms === null ? '' : significant((1000 * (batch ?? 1)) / p50Ms)
  return [
    { head: 'model', texts: rows.map(({ model }) => shorten(printable(names.get(model)!), MOST_NAME)) },
    { head: 'engine', texts: rows.map((row) => printable(engineOf(row, rows))) },
    { head: 'batch', side: 'left', texts: rows.map(({ batch }) => (batch === null ? '' : String(batch))) },
    { head: 'latency', side: 'left', texts: cells.map(latencyOf) },
    { head: 'samples/s', side: 'left', texts: rows.map((row, i) => perSecond(row, cells[i]!)) },
    ...metricColumn(cells),
    ...(priced
      ? [{ head: 'a million', side: 'left' as const, texts: cells.map((cell) => costOf({ ...cell, onFront: null }).trim()) }]
      : []),
  ]
}
