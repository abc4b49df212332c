// Comparisons through the command line, on tiny models: what is true of every one, whatever the machine.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../root.ts'
import { schemaOf } from '../support/schema.ts'
import { type Folders, fixture, onlyFull, ownFolders, refuses, whyslow } from './command.ts'

const valid = schemaOf('comparison')
const SHORT = ['--quick', '--runs', '2', '--duration', '0.3', '--no-progress', '--json', '-']

async function comparisonOf(where: Folders, ...argv: string[]): Promise<ComparisonDocument> {
  const { status, stdout, stderr } = await whyslow(where, 'compare', ...argv, ...SHORT)
  expect({ status, left: where.left() }, stderr).toEqual({ status: 0, left: [] })
  const document = JSON.parse(stdout) as ComparisonDocument
  expect(valid(document), JSON.stringify(valid.errors)).toBe(true)
  expectConsistent(document)
  return document
}

function expectConsistent({ contestants, ranking, pareto, reports, answer }: ComparisonDocument): void {
  const measured = contestants.filter(({ p50Ms }) => p50Ms !== null)
  expect(answer).not.toBe('')
  expect(reports).toHaveLength(measured.length)
  expect(ranking.map(({ id }) => id).sort()).toEqual(
    measured
      .filter(({ software }) => !software)
      .map(({ id }) => id)
      .sort(),
  )
  expect(pareto.front.length).toBe(ranking.length - pareto.dominated.length)
  for (const { id, report, p50Ms, ciLowMs, ciHighMs, outcome } of measured) {
    expect(outcome, id).toBe('measured')
    expect(reports[report!]!.latency!.p50Ms).toBe(p50Ms)
    expect(ciLowMs! <= p50Ms! && p50Ms! <= ciHighMs!, id).toBe(true)
  }
  for (const { id, outcome, reason } of contestants.filter((one) => !measured.includes(one))) {
    expect(outcome, id).not.toBe('measured')
    expect(reason, id).toMatch(/\S/)
  }
}

describe.concurrent('models', () => {
  test('with labels: each has its metric, whatever its outputs are called', async (context) => {
    const where = ownFolders(context)
    const rows = Array.from({ length: 40 }, (_, i) => Array.from({ length: 23 }, (_, k) => ((i * 31 + k * 17) % 97) / 10))
    const data = join(where.root, 'labelled.json')
    writeFileSync(data, JSON.stringify({ X: rows, labels: rows.map((_, i) => i % 2) }))
    const models = ['credit_xgb', 'credit_mlp', 'credit_lr'].map(fixture)
    const document = await comparisonOf(where, ...models, '--data', data)
    expect(document).toMatchObject({ of: 'models', reference: models[0] })
    expect(document.pairs).toHaveLength(3)
    expect(document.contestants.map(({ metric }) => metric && [metric.name, metric.rows])).toEqual(
      models.map(() => ['accuracy', 40]),
    )
    expect(document.sentences.filter((sentence) => /points|as accurate/.test(sentence))).toHaveLength(2)
  })

  test('one that hangs, though it comes first, is a row too', async (context) => {
    onlyFull(context, 'waits for a limit of time')
    const document = await comparisonOf(ownFolders(context), fixture('endless-loop'), fixture('credit_lr'), '--timeout', '10s')
    expect(document.contestants.map(({ outcome }) => outcome)).toEqual(['failed', 'measured'])
    expect(document.contestants[0]!.reason).toMatch(/does not end within 10 s/)
    expect(document.reference).toBe(fixture('credit_lr'))
  })

  test('ones that are refused or aborted, and one of other shapes are rows, each with its reason', async (context) => {
    onlyFull(context, 'another comparison of two models')
    const models = ['credit_lr', 'int4-output', 'unknown-operator', 'symbolic-batch'].map(fixture)
    const { contestants } = await comparisonOf(ownFolders(context), ...models)
    expect(contestants.map(({ outcome }) => outcome)).toEqual(['measured', 'failed', 'failed', 'measured'])
    expect(contestants[1]!.reason).toMatch(/SIGABRT|ended with code/)
    expect(contestants[2]!.reason).toMatch(/does not run the model/)
    // Fed with its own inputs, and its outputs not compared.
    expect(contestants[3]).toMatchObject({ agreement: null, agreementReason: expect.stringContaining('its own') })
  })
})

describe.concurrent('engines', () => {
  test('each is measured or has its reason; batches are fitted', async (context) => {
    onlyFull(context, 'a comparison of three batches')
    const document = await comparisonOf(
      ownFolders(context),
      fixture('symbolic-batch'),
      '--engines',
      'ort-cpu,ort-coreml',
      '--batch',
      '1,4,16',
    )
    const [cpu, coreml] = document.contestants
    expect(document.batch).toBe(1)
    expect(cpu!.batches.map(({ batch }) => batch)).toEqual([1, 4, 16])
    expect(cpu!.fit!.perSampleMs + cpu!.fit!.fixedMs).toBeGreaterThan(0)
    if (process.platform !== 'darwin') expect(coreml).toMatchObject({ outcome: 'not-here', fix: expect.stringMatching(/\S/) })
  })

  test('a Keras model is compared with itself as TensorFlow.js runs it', async (context) => {
    onlyFull(context, 'engines.test.ts measures one there')
    const model = join(ROOT, 'fixtures/formats/keras/k2-sequential.h5')
    const { contestants } = await comparisonOf(ownFolders(context), model, '--engines', 'tfjs-wasm,ort-cpu')
    expect(contestants.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['tfjs-wasm', 'measured'],
      ['ort-cpu', 'measured'],
    ])
    expect(contestants[0]!.agreement!.maxAbs).toBeLessThan(1e-4)
  })
})

test('models that the engine refuses or dies of, and no others', () =>
  refuses(['compare', fixture('unknown-operator'), fixture('int4-output')], /does not run the model/))
