// What the table of operators shows, from the document's nodes: a row for each, sorted, filtered and grouped without a copy of the rows.
import { csv } from '@whyslow/report/text/csv.ts'
import { nodeTitle } from '../kit/shown-name.ts'
import type { Node, Report } from '../page-data.ts'
import { wholeMs } from '../whole.ts'
import { blockOf } from './blocks.ts'

export interface Row {
  readonly node: Node
  readonly index: number
  readonly title: string
  readonly block: string
  /** Rules of findings that name it. */
  readonly causes: readonly string[]
  /** Share of the whole, else of the operators' own sum. */
  readonly share: number
  /** Over its floor; null if the floor is not known. */
  readonly aboveMs: number | null
  /** All that can be searched, in lower case. */
  readonly key: string
}

export const SORTS = ['time', 'above', 'flops', 'bytes', 'order', 'name', 'operator'] as const
export type Sort = (typeof SORTS)[number]
export const GROUPS = ['none', 'operator', 'block', 'bound', 'cause'] as const
export type Group = (typeof GROUPS)[number]

const MOST_KEY = 2000

export function rowsOf(report: Report): Row[] {
  const causes = new Map<string, string[]>()
  for (const { rule, nodes } of report.findings) for (const name of nodes) causes.set(name, [...(causes.get(name) ?? []), rule])
  const hasWhole = wholeMs(report) !== null
  const sumMs = report.nodes.reduce((sum, { timeMs }) => sum + timeMs, 0)
  return report.nodes.map((node, index) => {
    const own = causes.get(node.name) ?? []
    const block = blockOf(node)
    const text = [node.origin.join(' '), node.name, node.opType, block, ...own.map((rule) => `cause:${rule}`)].join('\n')
    return {
      ...{ node, index, block, causes: own },
      title: nodeTitle(node),
      share: hasWhole ? node.share : sumMs > 0 ? node.timeMs / sumMs : 0,
      aboveMs: node.floorMs === null ? null : node.timeMs - node.floorMs,
      key: `${text}\nbound:${node.bound ?? 'not known'}`.slice(0, MOST_KEY).toLowerCase(),
    }
  })
}

const numbers: Readonly<Record<Exclude<Sort, 'name' | 'operator'>, (row: Row) => number | null>> = {
  time: ({ node }) => node.timeMs,
  above: ({ aboveMs }) => aboveMs,
  flops: ({ node }) => node.flops,
  bytes: ({ node }) => node.bytes,
  order: ({ index }) => -index,
}

/** Whether the smallest come first once a head is chosen: texts begin at A, numbers at the largest; chosen again, it turns round. */
export const nextIsUp = (chosenNow: Sort, sort: Sort, isUp: boolean): boolean =>
  chosenNow === sort ? !isUp : chosenNow === 'name' || chosenNow === 'operator'

const MOST_DIGITS = 12

/** A text as it is ordered: whatever its case, numbers by their size. A collator, asked for every pair, takes several times as long. */
const ordered = (text: string): string => text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(MOST_DIGITS, '0'))

/** Places of rows that hold every word, largest first; what is not known comes last. */
export function filterRows(rows: readonly Row[], query: string, sort: Sort, isUp: boolean): Uint32Array {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const found = new Uint32Array(rows.length)
  let many = 0
  for (const [at, { key }] of rows.entries()) if (words.every((word) => key.includes(word))) found[many++] = at
  const kept = found.subarray(0, many)
  const sign = isUp ? -1 : 1
  if (sort === 'name' || sort === 'operator') {
    const text = sort === 'name' ? (row: Row) => row.title : (row: Row) => row.node.opType
    const known = new Map<string, string>()
    const keys = rows.map((row) => {
      const own = text(row)
      const key = known.get(own) ?? ordered(own)
      known.set(own, key)
      return key
    })
    return kept.sort((a, b) => {
      const [x, y] = [keys[a]!, keys[b]!]
      return x === y ? a - b : x < y ? sign : -sign
    })
  }
  const value = Float64Array.from(rows, (row) => numbers[sort](row) ?? Number.NaN)
  return kept.sort((a, b) => {
    const [x, y] = [value[a]!, value[b]!]
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b
    return sign * (y - x) || a - b
  })
}

/** A line of the table: a row, or the head of a group. */
export type Line =
  | { readonly kind: 'row'; readonly row: Row; readonly cumulative: number }
  | {
      readonly kind: 'group'
      readonly name: string
      readonly many: number
      readonly timeMs: number
      readonly share: number
      readonly isOpen: boolean
    }

const groupsOf: Readonly<Record<Exclude<Group, 'none'>, (row: Row) => readonly string[]>> = {
  operator: ({ node }) => [node.opType],
  block: ({ block }) => [block],
  bound: ({ node }) => [node.bound ?? 'not known'],
  // A node can be named by several findings, and then stands with each.
  cause: ({ causes }) => (causes.length > 0 ? causes : ['no finding names it']),
}

export function linesOf(rows: readonly Row[], order: Uint32Array, group: Group, open: ReadonlySet<string>): Line[] {
  if (group === 'none') {
    let cumulative = 0
    return Array.from(order, (at) => {
      const row = rows[at]!
      cumulative += row.share
      return { kind: 'row', row, cumulative }
    })
  }
  const groups = new Map<string, Row[]>()
  for (const at of order)
    for (const name of groupsOf[group](rows[at]!)) {
      const known = groups.get(name)
      if (known) known.push(rows[at]!)
      else groups.set(name, [rows[at]!])
    }
  const heads = [...groups].map(([name, own]) => ({
    ...{ name, own },
    timeMs: own.reduce((sum, { node }) => sum + node.timeMs, 0),
    share: own.reduce((sum, { share }) => sum + share, 0),
  }))
  heads.sort((a, b) => b.timeMs - a.timeMs)
  return heads.flatMap(({ name, own, timeMs, share }): Line[] => {
    const isOpen = open.has(name)
    const head: Line = { kind: 'group', name, many: own.length, timeMs, share, isOpen }
    let cumulative = 0
    if (!isOpen) return [head]
    return [
      head,
      ...own.map((row): Line => {
        cumulative += row.share
        return { kind: 'row', row, cumulative }
      }),
    ]
  })
}

/** The rows at these places, one line each, with numbers as the document has them. */
export function asCsv(rows: readonly Row[], order: Uint32Array): string {
  const heads = [
    'name',
    'engine name',
    'operator',
    'block',
    'time ms',
    'share',
    'floor ms',
    'bound',
    'multiply-adds',
    'flops',
    'bytes',
    'causes',
  ]
  return csv(
    heads,
    Array.from(order, (at) => {
      const { node, title, block, causes } = rows[at]!
      const { name, opType, timeMs, share, floorMs, bound, macs, flops, bytes: size } = node
      return [title, name, opType, block, timeMs, share, floorMs, bound, macs, flops, size, causes.join(' ')]
    }),
  )
}
