// Documents that the page is tested with: recorded ones of each kind, and what no model has yet had: ten thousand operators, nothing at all,
// names that want to be more than names.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import { isReport, type ReportDocument } from '@whyslow/report/documents/report.ts'
import type { StudyDocument, StudyPlace } from '@whyslow/report/documents/study.ts'
import { comparison, contestant } from '@whyslow/report/support/documents/example-comparison.ts'
import { ROOT } from '../root.ts'

const read = (path: string): object => JSON.parse(readFileSync(join(ROOT, 'fixtures', path), 'utf8')) as object
const named = (folder: string, ending: string, drawn: (document: { schema?: string }) => boolean = () => true) =>
  Object.fromEntries(
    readdirSync(join(ROOT, 'fixtures', folder))
      .filter((name) => name.endsWith(ending) && !name.includes('-changed'))
      .map((name) => [name.slice(0, -ending.length), read(`${folder}/${name}`)] as const)
      .filter(([, document]) => drawn(document as { schema?: string })),
  )

const SCHEMAS = ['comparison', 'load', 'study', 'ab', 'gap', 'distill', 'lint', 'generation', 'embedding'].map(
  (kind) => `whyslow-${kind}/1`,
)

export const recorded: Readonly<Record<string, object>> = {
  ...named('golden', '.report.json'),
  ...named('golden', '.document.json', ({ schema }) => isReport(schema) || SCHEMAS.includes(schema ?? '')),
  ...Object.fromEntries(Object.entries(named('reports', '.json')).map(([name, document]) => [`reports/${name}`, document])),
}

export const transformer = recorded.transformer as ReportDocument

/** As many operators as asked for, each a copy under a name of its own. */
export function withNodes(many: number): ReportDocument {
  const { nodes } = transformer
  const copies = Array.from({ length: many }, (_, i) => {
    const node = nodes[i % nodes.length]!
    const share = (nodes.length / many) * (0.5 + ((i * 7919) % 1000) / 1000)
    return {
      ...node,
      name: `${node.name}_${i}`,
      origin: [`/block.${Math.floor(i / 100)}/layer.${i % 100}/${node.opType}_${i}`],
      timeMs: node.timeMs * share,
      share: node.share * share,
    }
  })
  return { ...transformer, nodes: copies }
}

const study = recorded.study as StudyDocument
const [here, there] = study.machines.map(({ id }) => ({ row: 0, machine: id })) as [StudyPlace, StudyPlace]

/** One machine is as good in all as the other, and better in one. */
export const beaten: StudyDocument = {
  ...study,
  table: { ...study.table, pareto: { axes: ['latency', 'samples/s'], front: [here], dominated: [{ place: there, by: here }] } },
}

/** Answers that are streams: at the last rate nobody counts their tokens. */
export const streaming: LoadDocument = {
  ...(recorded.load as LoadDocument),
  points: (recorded.load as LoadDocument).points.map((point, k, { length }) => ({
    ...point,
    streams: {
      streams: 700,
      countedBy: k < length - 1 ? 'usage' : null,
      firstTokenMs: { values: 700, mean: 40.5 + k, p50: 38.25 + k, p90: 61.5 + k, p99: 97.75 + k, max: 120 },
      timePerTokenMs: k < length - 1 ? { values: 700, mean: 21.5, p50: 20.75 + k, p90: 24.5, p99: 31.25 + k, max: 44 } : null,
      betweenChunksMs: { values: 9000, mean: 84, p50: 83, p90: 90, p99: 140, max: 410 },
      tokensPerStream: k < length - 1 ? 96 : null,
      tokensPerChunk: k < length - 1 ? 4 : null,
      tokensPerSecond: k < length - 1 ? 1440 : null,
      goodput: {
        bounds: 'first<100ms,token<50ms',
        firstTokenMs: 100,
        timePerTokenMs: 50,
        good: 690,
        share: 0.98,
        perSecond: 14.7,
      },
      cachedShare: null,
      repeatedShare: 0,
      stalls: null,
      reasons: {},
    },
  })),
}

/** A run that measured nothing. */
export const empty: ReportDocument = {
  ...transformer,
  ...{ latency: null, memory: null, profile: null, engine: null, model: null },
  ...{ sweeps: [], breakdown: [], nodes: [], findings: [], clear: [], notChecked: [], trials: [], warnings: [] },
  answer: 'Nothing was measured.',
}

export const failedEngine = comparison([
  contestant('ort-cpu', 4),
  contestant('ort-wasm', null, { fix: 'npm install onnxruntime-web' }),
  contestant('tfjs-wasm', null, { outcome: 'not-here', reason: 'the package is not installed' }),
])

/** Of a field each: what would end an element, be a pattern, turn a line, or have no end. */
export const HOSTILE = [
  '</script><script>window.pwned=1</script>',
  '<img src=x onerror="window.pwned=1">',
  "javascript:window.pwned=1//'",
  '$& $` %whyslow:data% {{x}}',
  '\u202egnp.exe\u2066',
  '<!--<script',
  '__proto__',
  'x'.repeat(100_000),
  '',
]

/** The document with one of HOSTILE in the place of every string but those that choose a view. */
export function hostile<T>(document: T, offset = 0): T {
  let at = offset
  const KEPT = /^(schema|area|basis|bound|outcome|trust|order|of|format|dtype|source|id|reference|createdAt)$/
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return KEPT.test(key) ? value : HOSTILE[at++ % HOSTILE.length]
    if (Array.isArray(value)) return value.map((one) => visit(one, key))
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, visit(one, name)]))
    return value
  }
  return visit(document, '') as T
}
