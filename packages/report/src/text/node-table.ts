// Where the time goes: the executed nodes with the largest times, under the names that the user gave them.

import { percent, sharePercent, time } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument, ReportNode } from '../documents/report.ts'
import { nodeName } from './names.ts'
import { type Colours, type Column, table, widthOf } from './page.ts'
import { cells, printable, shorten, wrapHanging } from './wrap.ts'

type Node = ReportNode

const mostNodes = 5
const longestOperator = 20
const longestKernel = 28
const title = 'Where the time goes'

/** Above it, the nodes named are the smaller part, and what kinds of nodes there are says more. */
const muchShare = 0.3
const mostOperators = 6

/** The five largest nodes as a table with one line for all others, and operators; nothing where no node has time. */
export function nodeTable(doc: ReportDocument, width: number, colours: Colours): string[] {
  return [...largestNodes(doc, width, colours), ...byOperator(doc, width)]
}

/** 'By operator: 52 Conv 6.33 ms (36 %), …', where the largest nodes are not most of it. */
function byOperator({ nodes, latency }: ReportDocument, width: number): string[] {
  const timed = nodes.filter((node) => node.timeMs > 0).sort((a, b) => b.timeMs - a.timeMs)
  const sumMs = timed.reduce((sum, node) => sum + node.timeMs, 0)
  const restMs = timed.slice(mostNodes).reduce((sum, node) => sum + node.timeMs, 0)
  if (restMs <= muchShare * sumMs) return []
  const operators = new Map<string, { count: number; timeMs: number }>()
  for (const { opType, timeMs } of timed) {
    const known = operators.get(opType) ?? { count: 0, timeMs: 0 }
    operators.set(opType, { count: known.count + 1, timeMs: known.timeMs + timeMs })
  }
  const ranked = [...operators].sort(([, a], [, b]) => b.timeMs - a.timeMs)
  const said = ranked.slice(0, mostOperators).map(([opType, { count, timeMs }]) => {
    const share = percent(timeMs / (latency?.p50Ms ?? sumMs))
    return `${count} ${shorten(opType, longestOperator)} ${time(timeMs)} (${share})`
  })
  const left = ranked.length - said.length
  const rest = left > 0 ? `, and ${left} ${left === 1 ? 'other' : 'others'}` : ''
  return wrapHanging(`By operator: ${said.join(', ')}${rest}`, width)
}

function largestNodes(doc: ReportDocument, width: number, colours: Colours): string[] {
  // Without a latency a share can only be one of the nodes' own sum.
  const sumMs = doc.nodes.reduce((sum, node) => sum + node.timeMs, 0)
  const nodes = doc.latency === null ? doc.nodes.map((node) => ({ ...node, share: node.timeMs / sumMs })) : doc.nodes
  const ranked = nodes.filter((node) => node.timeMs > 0).sort((a, b) => b.timeMs - a.timeMs)
  if (ranked.length === 0) return []
  const top = ranked.slice(0, mostNodes)
  const others = ranked.slice(mostNodes)
  const { columns, nameWidth } = choose(columnsFor(top, others), width)
  const names = top.map((node) => nodeName(node, nameWidth))
  if (others.length > 0) names.push(others.length === 1 ? '1 other node' : `${others.length} other nodes`)
  return table([{ head: title, texts: names }, ...columns], colours)
}

function columnsFor(top: readonly Node[], others: readonly Node[]): Column[] {
  const texts = (textOf: (node: Node) => string, ofOthers: string) => [
    ...top.map(textOf),
    ...(others.length > 0 ? [ofOthers] : []),
  ]
  const othersMs = others.reduce((sum, node) => sum + node.timeMs, 0)
  const othersShare = others.reduce((sum, node) => sum + node.share, 0)
  return [
    { head: 'operator', texts: texts(({ opType }) => shorten(printable(opType), longestOperator), '') },
    { head: 'time', side: 'left', texts: texts(({ timeMs }) => time(timeMs), time(othersMs)) },
    { head: 'share', side: 'left', texts: texts(({ share }) => sharePercent(share), sharePercent(othersShare)) },
    top.every(({ bound, kernel }) => bound === null && kernel !== undefined)
      ? { head: 'kernel', texts: texts(({ kernel }) => shorten(printable(kernel!), longestKernel), '') }
      : { head: 'bound by', texts: texts(({ bound }) => bound ?? 'not known', '') },
  ]
}

/** Columns that fit. A narrow terminal drops the operator first, then what binds it, until the names have room. */
function choose(columns: readonly Column[], width: number): { columns: readonly Column[]; nameWidth: number } {
  const choices = [columns, columns.slice(1), columns.slice(1, 3)]
  const room = (kept: readonly Column[]) => width - widthOf(kept)
  const kept = choices.find((choice) => room(choice) >= cells(title)) ?? choices[2]!
  return { columns: kept, nameWidth: room(kept) }
}
