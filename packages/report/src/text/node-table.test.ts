import { readFileSync } from 'node:fs'
import picocolors from 'picocolors'
import { expect, test } from 'vitest'
import type { ReportDocument } from '../documents/report.ts'
import { nodeTable } from './node-table.ts'

const cnn = JSON.parse(readFileSync(new URL('../../../../fixtures/reports/cnn.json', import.meta.url), 'utf8')) as ReportDocument
const plain = picocolors.createColors(false)
const [first] = cnn.nodes

/** Nodes of these operators, each with this time; of a p50 of 10 ms. */
const documentOf = (...nodes: readonly (readonly [opType: string, timeMs: number])[]): ReportDocument => ({
  ...cnn,
  latency: { ...cnn.latency!, p50Ms: 10 },
  nodes: nodes.map(([opType, timeMs], at) => ({ ...first!, name: `n${at}`, opType, timeMs, share: timeMs / 10 })),
})
const summary = (doc: ReportDocument) => nodeTable(doc, 100, plain).filter((line) => line.startsWith('By operator'))

test('operators are summed up where the largest five nodes are not most of it', () => {
  // Ten of 0.5 ms: five are named, the other half is not. Mul: 6 * 0.5 of 10 ms; Add: 4 * 0.5.
  const nodes = Array.from({ length: 10 }, (_, k) => [k < 6 ? 'Mul' : 'Add', 0.5] as const)
  expect(summary(documentOf(...nodes))).toEqual(['By operator: 6 Mul 3.00 ms (30 %), 4 Add 2.00 ms (20 %)'])
})

test('at most six of them, and how many others there are', () => {
  const nodes = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'].map((opType) => [opType, 0.5] as const)
  expect(nodeTable(documentOf(...nodes), 200, plain).at(-1)).toMatch(/^By operator: 1 A .*1 F 500 µs \(5 %\), and 2 others$/)
})

test('not where the five largest nodes hold most of the time', () => {
  // 0.8 of 5.8 ms is left: 14 %.
  expect(summary(documentOf(['Conv', 1], ['Conv', 1], ['Conv', 1], ['Conv', 1], ['Conv', 1], ['Add', 0.8]))).toEqual([])
})

test('kernels stand where an engine names them and no floor is known', () => {
  const doc = documentOf(['Conv', 1], ['Add', 0.5])
  const named = doc.nodes.map((node) => ({ ...node, kernel: 'brgconv_avx512_bf16' }))
  const head = (nodes: ReportDocument['nodes']) => nodeTable({ ...doc, nodes }, 100, plain)[0]
  expect(nodeTable({ ...doc, nodes: named.map((node) => ({ ...node, bound: null })) }, 100, plain)[1]).toMatch(
    /brgconv_avx512_bf16$/,
  )
  expect(head(named.map((node) => ({ ...node, bound: null })))).toMatch(/kernel$/)
  expect(head(named.map((node) => ({ ...node, bound: 'compute' })))).toMatch(/bound by$/)
  expect(head(doc.nodes.map((node) => ({ ...node, bound: null })))).toMatch(/bound by$/)
})
