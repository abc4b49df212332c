// The bodies of the commands against scripted stages: what they ask for, what they write, what they refuse before measuring.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keptScreen } from '@whyslow/command/support/terminal/example-screen.ts'
import { openProgress } from '@whyslow/command/terminal/progress.ts'
import { commandOf, wantsColour } from '@whyslow/command/terminal/screen.ts'
import { commandExit, UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { runWhy } from '@whyslow/model/command/why.ts'
import { formatEvidence, readEvidence } from '@whyslow/model/evidence/file.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { unaskedStages } from '../test/support/example-stages.ts'
import { runMachine } from './doctor/machine.ts'
import { runExplain } from './explain.ts'
import type { Stages, WhyOptions } from './stages.ts'

const report = JSON.parse(readFileSync(new URL('../../../fixtures/reports/cnn.json', import.meta.url), 'utf8')) as ReportDocument
const evidence: Parameters<Stages['explain']>[0] = {
  schema: 'whyslow-evidence/1',
  toolVersion: '0.1.0',
  createdAt: '2026-01-15T09:30:00.000Z',
  machine: {
    cpu: 'x',
    architecture: 'x64',
    platform: 'linux',
    usableCpus: 2,
    onlineCpus: 2,
    physicalCores: null,
    quotaCpus: null,
    memoryBytes: 8e9,
    memoryLimitBytes: null,
    isa: [],
    accelerators: [],
    caches: {},
    virtualised: null,
    governor: null,
    os: 'Linux',
    node: '20.0.0',
    unknown: [],
  },
  absent: {},
  warnings: [],
  sizeSweeps: [],
}
const never = new AbortController().signal
const defaults = { engine: 'ort-cpu', graphOptimization: 'all', cache: 'use', lock: true, progress: false } as const

let folder = ''
let model = ''
let asked: { file: string; options: Partial<WhyOptions> }[] = []
let screen = keptScreen({ showsProgress: true })
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-commands-'))
  model = join(folder, 'model.onnx')
  writeFileSync(model, 'a model')
  asked = []
  screen = keptScreen({ showsProgress: true })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const stages: Stages = {
  ...unaskedStages,
  async why(file, options = {}) {
    asked.push({ file, options })
    options.onProgress?.({ stage: 'latency', done: 1, of: 5 })
    return { report, evidence }
  },
  fix: async () => ({ report, evidence, diagnosis: report.answer }),
  quantize: async () => ({ report, evidence, diagnosis: report.answer }),
  explain: () => report,
  listEngines: async () => ({ schema: 'whyslow-engines/1', tool: { version: '0.0.0' }, engines: [] }),
  describeMachine: async () => ({ ...report.machine, engine: report.engine }),
}
const load = async () => stages
const inFolder = (name: string) => join(folder, name)

describe('why', () => {
  test('turns flags into options, and leaves its defaults to the stage', async () => {
    const shape = new Map([['x', [1, 2]]])
    await runWhy(
      model,
      { ...defaults, shape, duration: 0.5, refresh: 'refresh', sessionConfig: { 'a.b': '1' } },
      { screen, signal: never, load },
    )
    const { onProgress: _, signal, ...options } = asked[0]!.options
    expect(signal).toBe(never)
    expect(asked[0]!.file).toBe(model)
    expect(options).toEqual({
      shapes: shape,
      engine: 'ort-cpu',
      seconds: 0.5,
      graphOptimization: 'all',
      configEntries: { 'a.b': '1' },
      cache: 'refresh',
    })
    expect(screen.printed.join('').startsWith('41.2 ms')).toBe(true)
  })

  test('--json - prints the document and nothing else; a file is written beside the printed report', async () => {
    await runWhy(model, { ...defaults, json: '-' }, { screen, signal: never, load })
    expect(JSON.parse(screen.printed.join(''))).toEqual(report)
    screen = keptScreen({ showsProgress: true })
    await runWhy(
      model,
      { ...defaults, json: inFolder('r.json'), saveEvidence: inFolder('e.json') },
      { screen, signal: never, load },
    )
    expect(JSON.parse(readFileSync(inFolder('r.json'), 'utf8'))).toEqual(report)
    expect(readEvidence(inFolder('e.json'))).toEqual(evidence)
    expect(screen.printed.join('')).toContain('What to fix')
  })

  test.each([
    ['a missing model', { file: 'no.onnx' }, /no\.onnx: no such file/],
    ['a missing model before anything else', { file: 'no.onnx', json: '/no/such/x.json', ort: '/no' }, /no\.onnx: no such file/],
    ['an output that cannot be written', { json: '/no/such/x.json' }, /--json .*does not exist/],
    ['the model as output', { saveEvidence: 'model.onnx' }, /--save-evidence .*this is the file that is read/],
    ['one file for two outputs', { json: 'x.json', saveEvidence: 'x.json' }, /the same file/],
    ['evidence on standard output', { saveEvidence: '-' }, /standard output is for the document/],
    ['a package folder that is not there', { ort: 'no-ort' }, /--ort .*no such folder/],
  ])('refuses %s before measuring', async (_, given, message) => {
    const { file = 'model.onnx', ...flags } = given as { file?: string } & Record<string, string | boolean>
    const placed = Object.fromEntries(
      Object.entries(flags).map(([key, value]) => [
        key,
        typeof value === 'string' && !/^[/-]/.test(value) ? inFolder(value) : value,
      ]),
    )
    const run = runWhy(inFolder(file), { ...defaults, ...placed }, { screen, signal: never, load })
    await expect(run).rejects.toThrow(UsageError)
    await expect(run).rejects.toThrow(message)
    expect(asked).toEqual([])
  })

  test('writes nothing after an interruption', async () => {
    const controller = new AbortController()
    const why: Stages['why'] = async () => {
      controller.abort()
      return { report, evidence }
    }
    const interrupted: Stages = { ...stages, why }
    const run = runWhy(
      model,
      { ...defaults, json: inFolder('r.json') },
      { screen, signal: controller.signal, load: async () => interrupted },
    )
    await expect(run).rejects.toThrow()
    expect(existsSync(inFolder('r.json'))).toBe(false)
    expect(commandExit(new Error('aborted'), controller.signal.aborted)).toEqual({ line: null, exitCode: 130 })
  })

  test('takes the progress line away before it prints', async () => {
    await runWhy(model, { ...defaults, progress: true }, { screen, signal: never, load })
    expect(screen.said).toBe('\r\u001b[Klatency 1/5\r\u001b[K')
  })
})

describe('explain', () => {
  test('prints the report of saved evidence, with the numbers that JSON cannot hold', async () => {
    const points = [{ at: -Infinity, p50Ms: Number.NaN, ciLowMs: 1, ciHighMs: 2 }]
    const masked = { ...evidence, batchSweep: { dimension: 'batch', unit: 'samples', points, fit: null, current: 1 } }
    writeFileSync(inFolder('e.json'), formatEvidence(masked))
    expect(readEvidence(inFolder('e.json'))).toEqual(masked)
    await runExplain([inFolder('e.json')], {}, { screen, load })
    expect(screen.printed.join('')).toContain(' per prediction')
  })

  test.each([
    ['nothing', undefined, /no such file/],
    ['text', 'hello', /no trace that is known: it begins with "hello"/],
    ['other JSON', '[1]', /no trace that is known/],
    ['a report', '{"schema":"whyslow-report/1"}', /report document/],
    ['a later version', '{"schema":"whyslow-evidence/2"}', /version 2/],
    ['half of it', '{"schema":"whyslow-evidence/1"}', /damaged evidence \(toolVersion is missing\)/],
    [
      'a part of the wrong kind',
      JSON.stringify({ ...evidence, profile: [] }),
      /damaged evidence \(profile is not of type object\)/,
    ],
    [
      'a part without its fields',
      JSON.stringify({ ...evidence, latency: {} }),
      /damaged evidence \(latency\.loadMs is missing\)/,
    ],
  ])('refuses %s', async (_, text, message) => {
    if (text !== undefined) writeFileSync(inFolder('e.json'), text)
    const run = runExplain([inFolder('e.json')], {}, { screen, load })
    await expect(run).rejects.toThrow(InputError)
    await expect(run).rejects.toThrow(message)
  })
})

describe('explain a trace with its model', () => {
  const traces = join(import.meta.dirname, '../../../fixtures/traces')
  const trace = join(traces, 'torch-model.json.gz')

  test('sets the nodes of the model beside the operators', async () => {
    await runExplain([trace], { model: join(traces, 'torch-model.onnx') }, { screen, load })
    expect(screen.printed.join('')).toMatch(/Joined: 52 of 52 nodes/)
  })

  test.each([
    ['a report without its model', [trace], { here: 'here.json' }, /give that, too: --model/],
    ['two traces and a model', [trace, trace], { model: 'model.onnx' }, /are of one trace/],
    ['two traces and a machine', [trace, trace], { machine: 'machine.json' }, /--machine is of one trace/],
    ['what is no model', [trace], { model: trace }, /torch-model\.json\.gz/],
  ])('refuses %s', async (_, files, flags, message) => {
    await expect(runExplain(files, flags, { screen, load })).rejects.toThrow(message)
  })

  test('refuses a model beside evidence', async () => {
    writeFileSync(inFolder('e.json'), formatEvidence(evidence))
    await expect(runExplain([inFolder('e.json')], { model: 'model.onnx' }, { screen, load })).rejects.toThrow(/are for traces/)
  })
})

test('machine prints text or JSON', async () => {
  await runMachine({ lock: true, progress: false }, { screen, signal: never, load })
  expect(screen.printed.join('')).toContain('Roofs measured with 2 threads')
  screen = keptScreen({ showsProgress: true })
  await runMachine({ lock: true, progress: false, json: '-' }, { screen, signal: never, load })
  expect(JSON.parse(screen.printed.join(''))).toEqual({ ...report.machine, engine: report.engine })
})

test('progress is silent if standard error is no terminal or nobody wants it', () => {
  openProgress({ ...screen, showsProgress: false }, { progress: true }).show({ stage: 'latency', done: 1, of: 5 })
  openProgress(screen, { progress: false }).show({ stage: 'latency', done: 1, of: 5 })
  openProgress(screen, { progress: true, quiet: true }).show({ stage: 'waiting', done: 0, of: 1, isNotice: true })
  expect(screen.said).toBe('')
})

test('verbose progress is a line for each stage, with the time, on any screen', () => {
  const plain = { ...screen, showsProgress: false }
  const { show } = openProgress(plain, { progress: true, verbose: true })
  for (const done of [1, 2]) show({ stage: 'latency', done, of: 5 })
  show({ stage: 'profile', done: 0, of: 1 })
  expect(screen.said).toMatch(/^whyslow: \d+\.\d s: latency\nwhyslow: \d+\.\d s: profile\n$/)
})

test('a command to type next is one that the shell knows', () => {
  expect(commandOf('/usr/local/bin/whyslow', '/home/me', {})).toBe('whyslow')
  expect(commandOf('/home/me/.npm/_npx/1/node_modules/.bin/whyslow', '/home/me', { npm_command: 'exec' })).toBe('npx whyslow')
  expect(commandOf('/home/me/clone/dist/whyslow/main.js', '/home/me/clone', { npm_lifecycle_event: 'start' })).toBe('npx whyslow')
  expect(commandOf('/home/me/clone/dist/whyslow/main.js', '/home/me/clone', {})).toBe('node dist/whyslow/main.js')
  expect(commandOf('/home/me/clone/dist/whyslow/main.js', '/tmp', {})).toBe('node /home/me/clone/dist/whyslow/main.js')
})

test('colour follows NO_COLOR, FORCE_COLOR and the terminal', () => {
  expect(wantsColour(true, {})).toBe(true)
  expect(wantsColour(false, {})).toBe(false)
  expect(wantsColour(true, { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false)
  expect(wantsColour(true, { NO_COLOR: '' })).toBe(true) // an empty NO_COLOR is none
  expect(wantsColour(false, { FORCE_COLOR: '1' })).toBe(true)
  expect(wantsColour(false, { CI: 'true' })).toBe(false)
  expect(wantsColour(true, { TERM: 'dumb' })).toBe(false)
})

test('an error that nobody caused is a bug and says so; input is not', () => {
  const input = Object.assign(new Error('model.onnx:\n  cut short'), { name: 'InputError' })
  expect(commandExit(input, false)).toEqual({ line: 'model.onnx: cut short', exitCode: 2 })
  const bug = commandExit(new TypeError('x is undefined'), false)
  expect(bug.exitCode).toBe(1)
  expect(bug.line).toMatch(/^this is a bug in whyslow: x is undefined; rerun with WHYSLOW_DEBUG=1/)
})
