// The whole job on small models of many kinds: what is true of every report, whatever the machine.

import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { answerParts } from '@whyslow/report/text/answers/answer-command.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { schemaOf } from '../support/schema.ts'
import { fixture, folders, onlyFull, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())

const valid = schemaOf('report')

/** What tells a model from the others in its report. */
const MODELS: readonly [string, (report: ReportDocument) => void][] = [
  ['credit_rf10_zipmap', expectNotFetched],
  ['if-subgraph', ({ nodes }) => expect(opTypes(nodes)).toContain('If')],
  // A value that is not a number is said, not hidden.
  [
    'nan-output',
    ({ warnings }) => expect(warnings).toContainEqual(expect.stringMatching(/^the output '.+' holds NaN or infinity; .*--data/)),
  ],
  ['lstm', ({ nodes }) => expect(opTypes(nodes)).toContain('LSTM')],
  ['transformer-block', ({ nodes }) => expect(opTypes(nodes).join()).toMatch(/MatMul/)],
  // The engine warns of initializers that it cannot fold: the report's inputs are without them.
  ['initializers-as-inputs', ({ model }) => expect(model!.inputs).toHaveLength(1)],
  ['constant-node-weights', ({ model }) => expect(model!.parameters).toBeGreaterThan(0)],
  ['external-data', ({ memory }) => expect(memory!.weightsBytes).toBeGreaterThan(0)],
  ['qdq', ({ model }) => expect(model!.nodes).toBeGreaterThan(0)],
]

/** Always; the others with the full tests. */
const ALWAYS = 'credit_rf10_zipmap'

describe.concurrent('what is true of every report', () => {
  test.for(MODELS)('%s is measured and explained', async ([name, expectItsOwn], context) => {
    if (name !== ALWAYS) onlyFull(context, 'one of many kinds of models')
    const report = await reportOf(fixture(name))
    expectItsOwn(report)
    expectConsistent(report)
  })

  test('evidence and inputs that are kept give the same answer again', async (context) => {
    onlyFull(context, 'measures twice')
    const evidence = join(where.root, 'evidence.json')
    const inputs = join(where.root, 'inputs')
    const measured = await reportOf(fixture('fmnist_gru'), '--save-evidence', evidence, '--save-inputs', inputs)
    expect(opTypes(measured.nodes)).toContain('GRU')
    expectConsistent(measured)
    const explained = await whyslow(where, 'explain', evidence, '--json', '-')
    expect(explained.status, explained.stderr).toBe(0)
    const again = JSON.parse(explained.stdout) as ReportDocument
    const said = ({ answer, findings, clear, notChecked, breakdown, areas, nodes }: ReportDocument) => {
      return { answer, findings, clear, notChecked, breakdown, areas, nodes }
    }
    expect(said(again)).toEqual(said(measured))

    // A report in a file, the answer on the screen, and nothing else is written.
    cpSync(fixture('fmnist_gru'), join(where.root, 'model.onnx'))
    const file = join(where.root, 'report.json')
    const kept = join(inputs, 'inputs.json')
    const run = await whyslow(where, '../model.onnx', ...QUICK, '--data', kept, '--json', file)
    expect({ status: run.status, left: where.left() }, run.stderr).toEqual({ status: 0, left: [] })
    const replayed = JSON.parse(readFileSync(file, 'utf8')) as ReportDocument
    expect(valid(replayed), JSON.stringify(valid.errors)).toBe(true)
    expect(run.stdout.replace(/\s+/g, ' ')).toContain(answerParts(replayed.answer).text)
    expect(run.stderr).toMatch(/^whyslow: wrote report document: .*report\.json\n$/m)
    expect(replayed.model!.inputs.map(({ source }) => source)).toEqual(['data'])
    expect(measured.model!.inputs.map(({ source }) => source)).toEqual(['synthetic'])
    expect(replayed.model!.inputs.map(({ shape }) => shape)).toEqual(measured.model!.inputs.map(({ shape }) => shape))
  })
})

/** An output that is not a tensor is named and not fetched. */
function expectNotFetched({ nodes, warnings, model }: ReportDocument): void {
  expect(opTypes(nodes)).toContain('TreeEnsembleClassifier')
  const odd = model!.outputs.filter(({ shape }) => shape === null)
  expect(odd).toHaveLength(1)
  expect(warnings).toContainEqual(expect.stringContaining(`the output '${odd[0]!.name}' is not a tensor`))
}

const QUICK = ['--quick', '--duration', '0.3', '--no-progress']

/** `--json -` prints JSON and nothing else, on standard output alone. */
async function reportOf(model: string, ...more: string[]): Promise<ReportDocument> {
  const own = folders()
  try {
    const { status, stdout, stderr } = await whyslow(own, model, ...QUICK, '--json', '-', ...more)
    expect({ status, left: own.left() }, stderr).toEqual({ status: 0, left: [] })
    const report = JSON.parse(stdout) as ReportDocument
    expect(valid(report), JSON.stringify(valid.errors)).toBe(true)
    return report
  } finally {
    own.remove()
  }
}

function expectConsistent({ latency, breakdown, areas, nodes, profile, answer }: ReportDocument): void {
  const p50Ms = latency!.p50Ms
  expect(answer).not.toBe('')
  expect(p50Ms).toBeGreaterThan(0)
  expect(latency!.ciLowMs).toBeLessThanOrEqual(p50Ms)
  expect(latency!.ciHighMs).toBeGreaterThanOrEqual(p50Ms)
  expect(profile).not.toBeNull()
  expect(within(sum(breakdown.map(({ timeMs }) => timeMs)), p50Ms)).toBe(true)
  expect(within(sum(Object.values(areas).map(({ timeMs }) => timeMs)), p50Ms)).toBe(true)
  // Shares are rounded: half a percent is theirs.
  expect(Math.abs(sum(Object.values(areas).map(({ share }) => share)) - 1)).toBeLessThan(0.005)
  expect(nodes.length).toBeGreaterThan(0)
  expect(nodes.filter(({ origin }) => origin.length === 0 || origin.includes(''))).toEqual([])
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const within = (value: number, expected: number): boolean => Math.abs(value - expected) <= 0.01 * expected
const opTypes = (nodes: ReportDocument['nodes']): string[] => nodes.map(({ opType }) => opType)
