// What a wider terminal shows of stages, and the interpreter that was chosen; the rest is in fixtures/golden.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ReportDocument } from '../documents/report.ts'
import { renderPipeline } from './pipeline-text.ts'

const golden = new URL('../../../../fixtures/golden/pipeline-python.document.json', import.meta.url)
const report = JSON.parse(readFileSync(golden, 'utf8')) as ReportDocument
const drawn = (width: number, given: Partial<NonNullable<ReportDocument['pipeline']>['runtime']> = {}, delayMs = 4) => {
  const pipeline = { ...report.pipeline!, runtime: { ...report.pipeline!.runtime, ...given } }
  const stages = report.stages!.map((one) => ({ ...one, waitMs: 3, cpuMs: 5, gcMs: 2, eventLoopDelayMs: delayMs }))
  return renderPipeline({ ...report, pipeline, stages }, { width, colour: false })
}
const headOf = (text: string) => text.split('\n').find((line) => line.startsWith('Stage'))!

test('delay, waiting and CPU time of stages stand where there is room', () => {
  expect(headOf(drawn(120))).toMatch(/allocates +delays loop +waits +CPU$/)
  expect(headOf(drawn(80))).not.toContain('CPU')
  expect(
    drawn(80)
      .split('\n')
      .every((line) => line.length <= 80),
  ).toBe(true)
  // A timer is late by itself.
  expect(headOf(drawn(120, {}, 0.4))).not.toContain('delays loop')
})

test('the interpreter that was chosen is named, and how it was found', () => {
  const told = { executable: '/app/.venv/bin/python', from: 'the environment /app/.venv' }
  expect(drawn(80, told)).toContain('Python    /app/.venv/bin/python, the environment /app/.venv')
  expect(drawn(80)).not.toContain('Python    ')
})
