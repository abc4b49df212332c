// The roofline in characters: what operators reach against what the machine was measured to give, both axes logarithmic with decades of one
// length (a cell is twice as high as wide). The ten longest have letters and a line each; what has no known work is counted, not drawn.

import { percent, plural, rate, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument, ReportNode, ReportRoofs } from '../../documents/report.ts'
import { nodeName } from '../names.ts'
import { type Colours, table } from '../page.ts'
import { pad, printable, shorten, wrapHanging } from '../wrap.ts'

type Node = ReportNode
type Roofs = ReportRoofs

const LETTERS = 'abcdefghij'
const OTHER = '·'
const SEVERAL = '+'
const HIGH_PER_WIDE = 2
const WITH_TYPES = 60
const MOST_ROWS = 22
const LEAST_ROWS = 10
const MARGIN = 15

interface Dot {
  readonly node: Node
  /** log10 of FLOP per byte, and of FLOP per second. */
  readonly x: number
  readonly y: number
}

/** Dots of nodes whose work, bytes and time are known and above zero; longest first. */
function dotsOf(nodes: readonly Node[]): Dot[] {
  return nodes
    .flatMap((node) => {
      const { flops, bytes, timeMs } = node
      if (flops === null || bytes === null || flops <= 0 || bytes <= 0 || timeMs <= 0) return []
      return [{ node, x: Math.log10(flops / bytes), y: Math.log10((flops / timeMs) * 1000) }]
    })
    .sort((a, b) => b.node.timeMs - a.node.timeMs)
}

/** Lines of at most `width` cells. Where nothing can be drawn one line says why. */
export function rooflinePlot(doc: ReportDocument, width: number, colours: Colours): string[] {
  const [roofs] = doc.machine.roofs
  const dots = dotsOf(doc.nodes)
  if (roofs === undefined) return wrapHanging("No roofline: this machine's roofs were not measured with this engine.", width)
  if (dots.length === 0) return wrapHanging('No roofline: of no operator are work, bytes and time known.', width)
  const left = doc.nodes.length - dots.length
  const leftMs = doc.nodes.reduce((sum, { timeMs }) => sum + timeMs, 0) - dots.reduce((sum, { node }) => sum + node.timeMs, 0)
  return [
    ...wrapHanging(`Roofline (log–log, roofs as measured with ${plural(roofs.threads, 'thread')})`, width).map(colours.bold),
    ...plane(dots, roofs, width),
    ...legend(dots, width, colours),
    ...wrapHanging(roofsSaid(roofs), width),
    ...(left === 0
      ? []
      : wrapHanging(
          `Not drawn: ${plural(left, 'operator')} without known work, bytes or time, ${time(Math.max(0, leftMs))} together.`,
          width,
        )),
  ]
}

interface Frame {
  readonly columns: number
  readonly rows: number
  readonly column: (x: number) => number
  readonly row: (y: number) => number
  readonly x: (column: number) => number
}

function frameOf(dots: readonly Dot[], roofs: Roofs, width: number): Frame {
  const peaks = Object.values(roofs.flopsPerSecond).map(Math.log10)
  const bands = levelsOf(roofs).map(({ value }) => Math.log10(value))
  const ridges = peaks.flatMap((peak) => bands.map((band) => peak - band))
  const xs = [...dots.map(({ x }) => x), ...ridges]
  const ys = [...dots.map(({ y }) => y), ...peaks]
  const [x0, x1] = [Math.min(...xs) - 0.2, Math.max(...xs) + 0.3]
  const [y0, y1] = [Math.min(...ys) - 0.1, Math.max(...ys) + 0.1]
  const columns = width - MARGIN
  // Cells of a decade, as wide as there is room and as high as a page takes.
  const wide = Math.min((columns - 1) / (x1 - x0), ((MOST_ROWS - 1) * HIGH_PER_WIDE) / (y1 - y0))
  const rows = Math.max(LEAST_ROWS, Math.min(MOST_ROWS, Math.ceil(((y1 - y0) * wide) / HIGH_PER_WIDE) + 1))
  return {
    columns,
    rows,
    column: (x) => Math.round((x - x0) * wide),
    row: (y) => Math.round(((y1 - y) * wide) / HIGH_PER_WIDE),
    x: (column) => x0 + column / wide,
  }
}

const levelsOf = ({ bytesPerSecond }: Roofs) =>
  Object.entries(bytesPerSecond).flatMap(([level, value]) => (value === null || value <= 0 ? [] : [{ level, value }]))

function plane(dots: readonly Dot[], roofs: Roofs, width: number): string[] {
  const frame = frameOf(dots, roofs, width)
  const grid = Array.from({ length: frame.rows }, () => new Array<string>(frame.columns).fill(' '))
  const put = (row: number, column: number, mark: string) => {
    const cells = grid[row]
    if (cells !== undefined && column >= 0 && column < frame.columns) cells[column] = mark
  }
  drawRoofs(frame, roofs, put)
  const taken = new Map<string, number>()
  for (const [index, { x, y }] of [...dots.entries()].reverse()) {
    const [row, column] = [Math.min(frame.rows - 1, frame.row(y)), frame.column(x)]
    const key = `${row} ${column}`
    const many = (taken.get(key) ?? 0) + 1
    taken.set(key, many)
    put(row, column, index < LETTERS.length ? LETTERS[index]! : many > 1 ? SEVERAL : OTHER)
  }
  const said = axisTexts(frame, roofs)
  const lines = grid.map((cells, row) => `${pad(said.get(row) ?? '', MARGIN - 2, 'left')} │${cells.join('')}`.trimEnd())
  return [...lines, `${' '.repeat(MARGIN - 1)}└${'─'.repeat(frame.columns)}`, belowAxis(frame)]
}

/** Diagonals up to the highest peak, then each peak from the fastest memory's ridge on. */
function drawRoofs(frame: Frame, roofs: Roofs, put: (row: number, column: number, mark: string) => void): void {
  const peaks = Object.values(roofs.flopsPerSecond).map(Math.log10)
  const bands = levelsOf(roofs).map(({ value }) => Math.log10(value))
  const highest = Math.max(...peaks)
  const fastest = Math.max(...bands)
  for (let column = 0; column < frame.columns; column++) {
    const x = frame.x(column)
    for (const peak of peaks) if (bands.length === 0 || x + fastest >= peak) put(frame.row(peak), column, '─')
    for (const band of bands) if (x + band < highest) put(frame.row(x + band), column, '╱')
  }
}

/** Texts at the left of the axis: the peaks by their names. */
function axisTexts(frame: Frame, roofs: Roofs): Map<number, string> {
  const texts = new Map<number, string>()
  for (const [, peak] of Object.entries(roofs.flopsPerSecond).sort(([, a], [, b]) => a - b))
    texts.set(frame.row(Math.log10(peak)), rate(peak, 'FLOP'))
  return texts
}

function belowAxis(frame: Frame): string {
  const cells = new Array<string>(frame.columns).fill(' ')
  let free = 0
  for (let decade = Math.ceil(frame.x(0)); decade <= frame.x(frame.columns - 1); decade++) {
    const text = significant(10 ** decade, 1)
    const at = frame.column(decade)
    if (at < free || at + text.length > frame.columns) continue
    for (const [i, letter] of [...text].entries()) cells[at + i] = letter
    free = at + text.length + 2
  }
  const title = 'FLOP/byte'
  if (free + title.length + 2 <= frame.columns)
    for (const [i, letter] of [...title].entries()) cells[frame.columns - title.length + i] = letter
  return `${' '.repeat(MARGIN)}${cells.join('')}`.trimEnd()
}

function legend(dots: readonly Dot[], width: number, colours: Colours): string[] {
  const named = dots.slice(0, LETTERS.length)
  const ofRoof = ({ floorMs, timeMs }: Node) => (floorMs === null ? 'not known' : percent(floorMs / timeMs))
  // Next to the name are a letter, a time and a share, and the type if there is room.
  const [room, typeRoom] = width < WITH_TYPES ? [width - 25, 0] : [width - 43, 14]
  return table(
    [
      { head: '', texts: named.map((_, index) => LETTERS[index]!) },
      { head: 'operator', texts: named.map(({ node }) => nodeName(node, room)) },
      ...(typeRoom === 0 ? [] : [{ head: 'type', texts: named.map(({ node }) => shorten(printable(node.opType), typeRoom)) }]),
      { head: 'time', side: 'left' as const, texts: named.map(({ node }) => time(node.timeMs)) },
      { head: 'of roof', side: 'left' as const, texts: named.map(({ node }) => ofRoof(node)) },
    ],
    colours,
  )
}

function roofsSaid(roofs: Roofs): string {
  const peaks = Object.entries(roofs.flopsPerSecond).map(([dtype, value]) => `${dtype} ${rate(value, 'FLOP')}`)
  const bands = levelsOf(roofs).map(({ level, value }) => `${level} ${rate(value, 'B')}`)
  const without = Object.entries(roofs.reasons ?? {}).map(([level, reason]) => `${level} has no line: ${reason}`)
  return [`Roofs: ${[...peaks, ...bands].join(', ')}`, ...without].join('; ').concat('.')
}
