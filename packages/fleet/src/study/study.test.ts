import { engineOf } from '@whyslow/report/text/study-engine.ts'
import { describe, expect, test } from 'vitest'
import { exampleMachine, exampleReport } from '../../test/support/study/example-reports.ts'
import { type StudyGiven, studyOf } from './study.ts'

const given = (reports: StudyGiven['reports'], rest: Partial<StudyGiven> = {}): StudyGiven => ({
  ...{ reports, failures: [], warnings: [], prices: new Map(), reference: null },
  ...rest,
})
const small = exampleMachine('small')
const large = exampleMachine('large', 2, { usableCpus: 8 })

describe('a study', () => {
  test('has a row for each model as it was asked, a column for each machine, and a reason where nothing was measured', () => {
    const { machines, table } = studyOf(
      given([exampleReport(small), exampleReport(large, { p50Ms: 4 }), exampleReport(small, { batch: 8, p50Ms: 40 })]),
    )
    expect(machines.map(({ cpu }) => cpu)).toEqual(['small', 'large'])
    expect(table.reference).toBe(machines[0]!.id)
    expect(table.rows.map(({ batch }) => batch)).toEqual([1, 8])
    expect(table.rows[0]!.cells[1]).toMatchObject({ p50Ms: 4, ratio: 2.5 })
    expect(table.rows[0]!.cells[1]!.ratioLow).toBeCloseTo(9 / 4.4)
    expect(table.rows[0]!.cells[1]!.ratioHigh).toBeCloseTo(11 / 3.6)
    expect(table.rows[1]!.cells[1]).toMatchObject({ p50Ms: null, report: null, reason: 'not measured there' })
  })

  test('counts what was measured twice once, the latest', () => {
    const reports = [
      exampleReport(small, { createdAt: '2026-02-01T00:00:00.000Z', p50Ms: 5 }),
      exampleReport(small, { createdAt: '2026-01-01T00:00:00.000Z', p50Ms: 7 }),
    ]
    const { table, reports: kept } = studyOf(given(reports))
    expect([table.rows[0]!.cells[0]!.p50Ms, kept.length]).toEqual([5, 1])
  })

  test('what an accelerator computed stands in a column of its own, by what it is', () => {
    const onGpu = (device: string, p50Ms: number) => {
      const report = exampleReport(small, { engine: 'ort-cuda', p50Ms })
      return { ...report, engine: { ...report.engine!, device, deviceKind: 'gpu' as const } }
    }
    const reports = [exampleReport(small), onGpu('NVIDIA A10', 2), onGpu('NVIDIA H100 80GB HBM3', 1)]
    const prices = new Map([['cuda-*h100*', 4]])
    const failure = { model: 'a.onnx', engine: 'ort-cpu', batch: null, reason: 'too little memory' }
    const key = studyOf(given(reports)).machines[0]!.id.slice(-6)
    const { machines, table } = studyOf(given(reports, { prices, failures: [{ ...failure, machine: `x64-avx2-2c-${key}` }] }))
    expect(machines.map(({ class: name, pricePerHour }) => [name, pricePerHour])).toEqual([
      ['x64-avx2-2c', null],
      ['cuda-nvidia-a10', null],
      ['cuda-nvidia-h100-80gb-hbm3', 4],
    ])
    expect(table.rows[1]!.cells.map(({ p50Ms }) => p50Ms)).toEqual([null, 2, 1])
    // Whatever of that machine failed is its failure.
    expect(table.rows[0]!.cells.map(({ reason }) => reason)).toEqual([null, 'too little memory', 'too little memory'])
  })

  test('another version of an engine is another row, and named where there are several', () => {
    const reports = [
      exampleReport(small, { p50Ms: 5 }),
      exampleReport(small, { p50Ms: 7, engineVersion: '1.31.0' }),
      exampleReport(small, { p50Ms: 9, engine: 'ort-wasm' }),
    ]
    const { rows } = studyOf(given(reports)).table
    expect(rows.map(({ engine, engineVersion, cells }) => [engine, engineVersion, cells[0]!.p50Ms])).toEqual([
      ['ort-cpu', '1.30.0', 5],
      ['ort-cpu', '1.31.0', 7],
      ['ort-wasm', '1.30.0', 9],
    ])
    expect(rows.map((row) => engineOf(row, rows))).toEqual(['ort-cpu 1.30.0', 'ort-cpu 1.31.0', 'ort-wasm'])
  })

  test('tells threads that were told apart: another set-up of one machine', () => {
    const { machines } = studyOf(given([exampleReport(small), exampleReport(small, { threads: 1 })]))
    expect(machines.map(({ threads }) => threads)).toEqual([null, 1])
    expect(machines[1]!.id).toBe(`${machines[0]!.id}-t1`)
  })

  test('knows what a million samples cost: an hour of 8 samples in 36 ms at 1 an hour', () => {
    const { table } = studyOf(given([exampleReport(small, { batch: 8, p50Ms: 36 })], { prices: new Map([['x64*', 1]]) }))
    expect(table.rows[0]!.cells[0]!.costPerMillion).toBeCloseTo(1.25)
  })

  test('knows which machines no other beats in both latency and cost', () => {
    const other = exampleMachine('other', 3, { usableCpus: 4 })
    const reports = [exampleReport(small, { p50Ms: 10 }), exampleReport(large, { p50Ms: 4 }), exampleReport(other, { p50Ms: 11 })]
    const prices = new Map([
      ['*-8c*', 1],
      ['*-4c*', 0.5],
      ['*', 0.2],
    ])
    const { table } = studyOf(given(reports, { prices }))
    expect(table.rows[0]!.cells.map(({ onFront }) => onFront)).toEqual([true, true, false])
    expect(studyOf(given(reports)).table.rows[0]!.cells[0]!.onFront).toBeNull()
  })

  test('says what a sample costs in larger batches, where the intervals tell it', () => {
    const { sentences } = studyOf(given([exampleReport(small), exampleReport(small, { batch: 8, p50Ms: 40 })]))
    expect(sentences).toEqual([
      expect.stringMatching(
        /^In batches of 8, a sample of a\.onnx .* takes 0\.500 times \(0\.\d+–0\.\d+\) as long as in batches of 1\.$/,
      ),
    ])
    expect(studyOf(given([exampleReport(small), exampleReport(small, { batch: 8, p50Ms: 81 })])).sentences).toEqual([])
  })

  test('says what a prediction takes with larger inputs, beside how much larger they are', () => {
    const { sentences } = studyOf(given([exampleReport(small), exampleReport(small, { features: 16, p50Ms: 30 })]))
    expect(sentences).toEqual([
      expect.stringMatching(
        /^With inputs of 1x16, 4\.00 times as large as 1x4, a\.onnx .* takes 3\.00 times \(2\.45–3\.67\) as long\.$/,
      ),
    ])
    // Another batch of larger inputs is neither.
    expect(studyOf(given([exampleReport(small), exampleReport(small, { features: 16, batch: 8 })])).sentences).toEqual([])
  })

  test('of all places, knows those that no other beats in latency, throughput and accuracy', () => {
    const good = { model: 'good.onnx', p50Ms: 20, accuracy: 0.9 }
    const reports = [
      exampleReport(small, { accuracy: 0.8 }),
      exampleReport(small, good),
      exampleReport(large, { ...good, p50Ms: 30 }),
      // As accurate as the first and slower, but the intervals meet.
      exampleReport(small, { model: 'alike.onnx', p50Ms: 11, accuracy: 0.8 }),
    ]
    const { table, machines } = studyOf(given(reports))
    const [a, b] = machines.map(({ id }) => id)
    expect(table.pareto).toEqual({
      axes: ['latency', 'samples/s', 'accuracy'],
      front: [
        { row: 0, machine: a },
        { row: 1, machine: a },
        { row: 2, machine: a },
      ],
      dominated: [{ place: { row: 1, machine: b }, by: { row: 1, machine: a } }],
    })
    expect(table.rows[1]!.cells[0]).toMatchObject({ metric: { value: 0.9 }, samplesPerSecond: 50 })
  })

  test('beside latency costs count where every machine has its price, and no accuracy that is not known of all', () => {
    const reports = [exampleReport(small, { accuracy: 0.7 }), exampleReport(large, { model: 'b.onnx', p50Ms: 5 })]
    const prices = new Map([
      ['*-8c*', 4],
      ['*', 1],
    ])
    const { pareto } = studyOf(given(reports, { prices })).table
    expect(pareto).toMatchObject({ axes: ['latency', 'a million', 'accuracy'], dominated: [] })
    expect(studyOf(given(reports)).table.pareto!.axes[1]).toBe('samples/s')
  })

  test('says when another model on fewer CPUs is as fast, and only then', () => {
    const b = { model: 'b.onnx', p50Ms: 4 }
    const two = (p50Ms: number) => [exampleReport(large, { p50Ms }), exampleReport(small, b)]
    expect(studyOf(given(two(4.1))).sentences).toEqual([expect.stringMatching(/^b\.onnx .* is as fast as a\.onnx/)])
    expect(studyOf(given(two(8))).sentences).toEqual([expect.stringMatching(/^b\.onnx .* is faster than a\.onnx/)])
    expect(studyOf(given(two(2))).sentences).toEqual([])
    // That these meet says nothing.
    const wide = { ...exampleReport(small, b), latency: { ...exampleReport(small, b).latency!, ciLowMs: 1, ciHighMs: 9 } }
    expect(studyOf(given([exampleReport(large, { p50Ms: 8 }), wide])).sentences).toEqual([])
  })

  test('a first size that no output has is one of a sample, and no batch', () => {
    const picture = exampleReport(small, { batch: 3 })
    const one = { ...picture, model: { ...picture.model!, outputs: [{ name: 'y', dtype: 'float32', shape: [1000] }] } }
    const { rows } = studyOf(given([one])).table
    expect([rows[0]!.batch, rows[0]!.cells[0]!.samplesPerSecond]).toEqual([null, 100])
  })

  test('a machine whose interval meets the best one is not beaten by it', () => {
    const other = exampleMachine('other', 1, { usableCpus: 4 })
    const reports = [exampleReport(small, { p50Ms: 10 }), exampleReport(other, { p50Ms: 10.5 })]
    const { table } = studyOf(given(reports, { prices: new Map([['*', 1]]) }))
    expect(table.rows[0]!.cells.map(({ onFront }) => onFront)).toEqual([true, true])
  })

  test('why a cell was not measured is told, of the batch and the threads that were asked for', () => {
    const reports = [
      exampleReport(small),
      exampleReport(small, { batch: 8 }),
      exampleReport(large, { model: 'b.onnx', threads: 4 }),
    ]
    const { machines } = studyOf(given(reports))
    const failure = {
      model: 'a.onnx',
      engine: 'ort-cpu',
      batch: 8,
      machine: machines[1]!.id.replace(/-t4$/, ''),
      reason: 'too little memory',
    }
    const { table } = studyOf(given(reports, { failures: [failure] }))
    expect(table.rows.slice(0, 2).map(({ cells }) => cells[1]!.reason)).toEqual(['not measured there', 'too little memory'])
  })

  test('without a latency a report is left out', () => {
    expect(studyOf(given([{ ...exampleReport(small), latency: null }]))).toMatchObject({
      answer: 'Nothing was measured.',
      machines: [],
      table: { reference: null, rows: [] },
    })
  })
})
