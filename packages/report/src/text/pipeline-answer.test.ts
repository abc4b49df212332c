import { expect, test } from 'vitest'
import type { ReportDocument, ReportFinding } from '../documents/report.ts'
import { pipelineAnswer } from './pipeline-answer.ts'

const finding = (title: string, timeMs: number, wouldSaveMs: number | null): ReportFinding => ({
  ...{ rule: 'x', area: 'software', title, detail: '', timeMs, wouldSaveMs, basis: 'measured', nodes: [], next: null, facts: [] },
  places: [{ file: 'app.py', line: 3, function: null }],
})
const answer = (...findings: ReportFinding[]) =>
  pipelineAnswer({
    latency: { p50Ms: 10, ciLowMs: 9, ciHighMs: 11 } as ReportDocument['latency'],
    stages: [],
    findings,
    pipeline: { kind: 'stages' } as NonNullable<ReportDocument['pipeline']>,
  }).replace(/^.*per prediction\. /, '')

test('a finding that comes first though another saves more is told first, and not as the biggest', () => {
  expect(answer(finding('Gradients', 9, 0.5), finding('Threads', 9, 3))).toBe(
    'First: fixing "Gradients" (app.py:3) could save 500 µs (measured). Biggest win: fixing "Threads" (app.py:3) could save 3.00 ms (measured).',
  )
  expect(answer(finding('Threads', 9, 3))).toBe('Biggest win: fixing "Threads" (app.py:3) could save 3.00 ms (measured).')
})

test('what is unknown is told so, and what is known to save most', () => {
  expect(answer(finding('Gradients', 9, null), finding('Threads', 9, 3))).toBe(
    'Largest finding: "Gradients" (app.py:3) takes 9.00 ms; how much of it can be saved is unknown. Biggest win: fixing "Threads" (app.py:3) could save 3.00 ms (measured).',
  )
  expect(answer(finding('A view', 0, null))).toBe('Largest finding: "A view" (app.py:3); what it takes is unknown.')
})
