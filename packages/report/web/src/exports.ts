// What can be taken along: the document, its tables as CSV, a trace, and node data for Model Explorer.
import { renderChromeTrace } from '@whyslow/report/text/chrome-trace.ts'
import { csv } from '@whyslow/report/text/csv.ts'
import { nodeTitle } from './kit/shown-name.ts'
import type { Report } from './page-data.ts'

export interface ExportItem {
  readonly title: string
  readonly tip: string
  readonly file: string
  readonly type?: string
  readonly text: () => string
}

export function reportExports(report: Report, original: object): readonly ExportItem[] {
  const stem = (report.pipeline?.file ?? report.model?.file ?? 'whyslow').split(/[\\/]/).at(-1)!
  return [
    documentExport('Report document (JSON)', `${stem}.report.json`, original),
    ...(report.pipeline ? codeExports(report, stem) : []),
    ...(report.nodes.length > 0 || !report.pipeline ? nodeExports(report, stem) : []),
  ]
}

export const documentExport = (title: string, file: string, original: object): ExportItem => ({
  title,
  tip: 'all that this page shows',
  file,
  text: () => `${JSON.stringify(original, null, 2)}\n`,
})

function codeExports({ stages, lines }: Report, stem: string): readonly ExportItem[] {
  return [
    {
      title: 'Stages (CSV)',
      tip: 'they add up to the median',
      file: `${stem}.stages.csv`,
      type: 'text/csv',
      text: () =>
        csv(
          ['stage', 'time ms', 'share', 'p50 ms', 'p99 ms', 'cpu ms', 'native ms', 'wait ms', 'gc ms', 'allocated bytes'],
          (stages ?? []).map((one) => [
            ...[one.name, one.timeMs, one.share, one.p50Ms, one.p99Ms],
            ...[one.cpuMs, one.nativeMs, one.waitMs, one.gcMs, one.allocatedBytes],
          ]),
        ),
    },
    {
      title: 'Hot lines (CSV)',
      tip: 'one line each',
      file: `${stem}.lines.csv`,
      type: 'text/csv',
      text: () =>
        csv(
          ['file', 'line', 'function', 'stage', 'time ms', 'share', 'share low', 'share high', 'native share'],
          (lines ?? []).map((one) => [
            ...[one.file, one.line, one.function, one.stage, one.timeMs],
            ...[one.share, one.shareLow, one.shareHigh, one.nativeShare],
          ]),
        ),
    },
  ]
}

function nodeExports(report: Report, stem: string): readonly ExportItem[] {
  return [
    {
      title: 'Chrome trace',
      tip: 'opens in ui.perfetto.dev and speedscope.app',
      file: `${stem}.trace.json`,
      text: () => renderChromeTrace(report),
    },
    {
      title: 'Model Explorer node data',
      tip: 'time as colour on the graph',
      file: `${stem}.node-data.json`,
      text: () => JSON.stringify(modelExplorerData(report)),
    },
    {
      title: 'Operators (CSV)',
      tip: 'one line each',
      file: `${stem}.operators.csv`,
      type: 'text/csv',
      text: () =>
        csv(
          ['name', 'engine name', 'operator', 'time ms', 'share', 'floor ms', 'bound', 'multiply-adds', 'flops', 'bytes'],
          report.nodes.map((node) => [
            nodeTitle(node),
            node.name,
            node.opType,
            node.timeMs,
            node.share,
            node.floorMs,
            node.bound,
            node.macs,
            node.flops,
            node.bytes,
          ]),
        ),
    },
  ]
}

const GRADIENT = [
  { stop: 0, bgColor: '#f3f8fc', textColor: '#14181d' },
  { stop: 0.5, bgColor: '#7fb4dc', textColor: '#14181d' },
  { stop: 1, bgColor: '#00508a', textColor: '#ffffff' },
]

/**
 * Node data of Model Explorer (`node_data_builder.py` there): time by the names of the user's nodes and of output tensors. An executed node that
 * holds several of the user's shows its time at the one that gives its output.
 */
export function modelExplorerData(report: Report): object {
  const results: Record<string, { value: number }> = Object.create(null)
  for (const { name, origin, timeMs } of report.nodes) {
    const key = origin[0] ?? name
    results[key] = { value: (results[key]?.value ?? 0) + timeMs }
  }
  return { main: { results, gradient: GRADIENT } }
}
