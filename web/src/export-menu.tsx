// The exports, as one menu.
import { renderChromeTrace } from '../../src/report/text/chrome-trace.ts'
import { csv } from '../../src/report/text/csv.ts'
import { modelExplorerData } from './exports.ts'
import { saveFile } from './kit/copy.tsx'
import { nodeTitle } from './kit/name.tsx'
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

export function ExportMenu({ items }: { items: readonly ExportItem[] }) {
  return (
    <details class="menu">
      <summary class="button">Export</summary>
      <ul>
        {items.map(({ title, tip, file, type, text }) => (
          <li key={title}>
            <button type="button" onClick={() => saveFile(file, text(), type)}>
              {title}
              <span class="soft">{tip}</span>
            </button>
          </li>
        ))}
      </ul>
    </details>
  )
}
