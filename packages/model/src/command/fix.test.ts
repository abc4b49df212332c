// The body of `fix` against a scripted stage, and its flags through the program: what it asks for, prints, refuses, and how it ends.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keptScreen } from '@whyslow/command/support/terminal/example-screen.ts'
import { commanderOption } from '@whyslow/command/terminal/flags/flag.ts'
import { checkGoal, commandExit, GoalMissed, UsageError } from '@whyslow/command/terminal/usage-error.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { TrialRow } from '@whyslow/report/documents/trial-row.ts'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FixOptions } from '../commands/fix/options.ts'
import type { Evidence } from '../evidence/evidence.ts'
import { runFix } from './fix.ts'
import { type FlagsOf, flags as table } from './flags.ts'
import type { Stages } from './stages.ts'

const cnn = JSON.parse(readFileSync(new URL('../../../../fixtures/reports/cnn.json', import.meta.url), 'utf8')) as ReportDocument
const trial: TrialRow = {
  remedies: ['thread-count'],
  name: 'thread-count 1',
  outcome: 'faster',
  kept: true,
  reason: null,
  beforeMs: 10,
  afterMs: 4,
  speedup: 2.5,
  speedupLow: 2.41,
  speedupHigh: 2.62,
  pairs: 3,
  predictedSpeedup: null,
  lookedSpeedup: null,
  refused: null,
  took: null,
  changes: ['one thread'],
  agreement: null,
  sizeBytes: null,
  peakBytes: null,
}
const report: ReportDocument = {
  ...cnn,
  answer: 'One prediction: 10.0 ms to 4.00 ms.',
  trials: [trial],
  fix: {
    goal: 'latency',
    unit: 'ms',
    before: 10,
    after: 4,
    speedup: 2.5,
    speedupLow: 2.41,
    speedupHigh: 2.62,
    proven: true,
    kept: ['thread-count 1'],
    changes: ['one thread'],
    outputs: 'outputs equal bit for bit',
    untried: [],
    shipped: 'fast',
    machineBound: false,
  },
}
const never = new AbortController().signal
const defaults = {
  engine: 'ort-cpu',
  graphOptimization: 'all',
  cache: 'use',
  lock: true,
  progress: false,
  for: 'latency',
} as const

let folder = ''
let model = ''
let asked: { file: string; options: Partial<FixOptions> }[] = []
let screen = keptScreen({ showsProgress: true })
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-fix-'))
  model = join(folder, 'model.onnx')
  writeFileSync(model, 'a model')
  asked = []
  screen = keptScreen({ showsProgress: true })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Tells a diagnosis, a step and a trial, as the stage does. */
const load = async (given: ReportDocument = report): Promise<Stages> =>
  ({
    async fix(file: string, options: Partial<FixOptions>) {
      asked.push({ file, options })
      options.onProgress?.({ stage: 'latency', done: 1, of: 5 })
      options.onDiagnosis?.(cnn.answer)
      options.onTrial?.(trial)
      return { report: given, evidence: {} as Evidence, diagnosis: cnn.answer }
    },
  }) as Partial<Stages> as Stages
const run = (flags: Partial<FlagsOf<'fix'>>, given?: ReportDocument) =>
  runFix(model, { ...defaults, ...flags }, { screen, signal: never, load: () => load(given) })

describe('flags', () => {
  test('become options, with defaults where nothing is given', async () => {
    await run({ out: 'fast' })
    const { onProgress: _, onTrial: __, onDiagnosis: ___, signal, ...options } = asked[0]!.options
    expect(asked[0]!.file).toBe(model)
    expect(signal).toBe(never)
    expect(options).toMatchObject({
      out: 'fast',
      goal: 'latency',
      engine: 'ort-cpu',
      cache: 'use',
    })
    // The stage's own defaults hold.
    expect(options).not.toHaveProperty('only')
    expect(options).not.toHaveProperty('budgetSeconds')
  })

  test('the folder to write is called after the model by default, and a dry run writes none', async () => {
    await run({})
    await run({ dryRun: true })
    expect(asked.map(({ options }) => options.out)).toEqual(['model-fast', undefined])
  })

  test('--slo is a goal of its own', async () => {
    await run({ slo: 'p99<20ms' })
    expect(asked[0]!.options).toMatchObject({ slo: 'p99<20ms', goal: 'latency', threads: 1 })
  })

  test('all of them', async () => {
    await run({
      out: 'fast',
      force: true,
      for: 'throughput',
      budget: 300,
      only: ['spinning'],
      maxLoss: 0.01,
      metric: 'mae',
      fixShapes: true,
      outputs: ['y'],
      imageNormalize: 'imagenet',
      imageLayout: 'nhwc',
      imageDtype: 'uint8',
      imageSize: '8x8',
      imageInput: 'x',
    })
    expect(asked[0]!.options).toMatchObject({
      out: 'fast',
      force: true,
      goal: 'throughput',
      budgetSeconds: 300,
      only: ['spinning'],
      maxLoss: 0.01,
      metric: 'mae',
      fixShapes: true,
      outputs: ['y'],
      preprocessing: { input: 'x', normalize: 'imagenet', layout: 'nhwc', dtype: 'uint8', resize: '8x8' },
    })
  })

  test.each<[string, Partial<FlagsOf<'fix'>>, RegExp]>([
    ['two goals', { out: 'x', for: 'throughput', slo: 'p99<20ms' }, /^fix: --slo p99<20ms and --for throughput are two goals/],
    ['its goal without an objective', { out: 'x', for: 'slo' }, /^fix: --for slo: give the objective/],
    ['a report that cannot be written', { out: 'x', json: '/no/such/x.json' }, /--json .*does not exist/],
    ['the model as report', { out: 'x', json: 'model.onnx' }, /--json .*this is the file that is read/],
    ['a file as the folder of inputs', { out: 'x', saveInputs: 'model.onnx' }, /--save-inputs .*is not a folder/],
    ['a package folder that is not there', { out: 'x', ort: 'no-ort' }, /--ort .*no such folder/],
  ])('%s is refused before anything is measured', async (_, given, message) => {
    const placed = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [
        key,
        ['json', 'saveInputs'].includes(key) && !String(value).startsWith('/') ? join(folder, String(value)) : value,
      ]),
    )
    await expect(run(placed)).rejects.toThrow(UsageError)
    await expect(run(placed)).rejects.toThrow(message)
    expect(asked).toEqual([])
    expect(screen.printed).toEqual([])
  })

  test('a missing model is said first', async () => {
    const missing = runFix(join(folder, 'no.onnx'), defaults, { screen, signal: never, load: () => load() })
    await expect(missing).rejects.toThrow(/no\.onnx: no such file/)
  })
})

describe('what is printed', () => {
  test('the diagnosis, each trial as it ends, and the end, in that order', async () => {
    await run({ out: 'fast' })
    expect(screen.printed).toHaveLength(3)
    expect(screen.printed[0]).toMatch(/^41\.2 ms/)
    expect(screen.printed[1]).toBe('+ thread-count 1: 10.0 ms to 4.00 ms, 2.4–2.6×, kept\n')
    expect(screen.printed[2]).toMatch(/^\nOne prediction: 10\.0 ms to 4\.00 ms\.\n\nWritten: fast /)
    expect(screen.said).toBe('')
  })

  test('--json - is JSON and nothing else', async () => {
    await run({ out: 'fast', json: '-', progress: true })
    expect(JSON.parse(screen.printed.join(''))).toEqual(report)
    // Progress goes to standard error.
    expect(screen.said).toContain('latency 1/5')
  })

  test('--json FILE is written beside', async () => {
    const json = join(folder, 'r.json')
    await run({ out: 'fast', json })
    expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual(report)
    expect(screen.said).toBe(`whyslow: wrote report document: ${json}\n`)
  })

  test('nothing after an interruption', async () => {
    const controller = new AbortController()
    const json = join(folder, 'r.json')
    const interrupted = async (): Promise<Stages> => {
      const stages = await load()
      const fix: Stages['fix'] = async () => {
        controller.abort()
        return { report, evidence: {} as Evidence, diagnosis: '' }
      }
      return { ...stages, fix }
    }
    await expect(
      runFix(model, { ...defaults, out: 'fast', json }, { screen, signal: controller.signal, load: interrupted }),
    ).rejects.toThrow()
    expect(screen.printed).toEqual([])
    expect(existsSync(json)).toBe(false)
  })
})

describe('--require', () => {
  test('reached is silent', async () => {
    await run({ out: 'fast', require: 2.41 })
    expect(screen.printed).toHaveLength(3)
  })

  test('missed: everything is told and written, then exit code 3', async () => {
    const json = join(folder, 'r.json')
    const missed = await run({ out: 'fast', require: 3, json }).catch((error) => error)
    expect(missed).toBeInstanceOf(GoalMissed)
    expect(commandExit(missed, false)).toEqual({
      line: '--require 3x: not reached, at least 2.41x is proven (median 2.50x)',
      exitCode: 3,
    })
    expect(screen.printed.at(-1)).toContain('Written: fast')
    expect(existsSync(json)).toBe(true)
  })

  test('counts what is proven alone', async () => {
    const unproven = { ...report, fix: { ...report.fix!, proven: false } }
    await expect(run({ out: 'fast', require: 1.5 }, unproven)).rejects.toThrow(
      '--require 1.5x: not reached, nothing is proven faster',
    )
  })

  test('is of the lower end of the interval: a median that chance may have brought does not pass', () => {
    const proven = { proven: true, speedup: 1.52, speedupLow: 1.18 }
    expect(() => checkGoal(1.5, proven)).toThrow(GoalMissed)
    expect(() => checkGoal(1.5, proven)).toThrow('--require 1.5x: not reached, at least 1.18x is proven (median 1.52x)')
    expect(() => checkGoal(1.5, { ...proven, speedupLow: 1.4999 })).toThrow('at least 1.49x is proven')
    expect(() => checkGoal(1.18, proven)).not.toThrow()
  })

  test('is not asked of a dry run', async () => {
    await run({ dryRun: true, require: 50 }, { ...report, fix: { ...report.fix!, proven: false } })
  })
})

describe('the command line', () => {
  /** Parsed flags of `fix`; nothing runs. */
  async function parsed(...argv: string[]): Promise<Record<string, unknown>> {
    const command = new Command().exitOverride().configureOutput({ outputError: () => {} })
    for (const flag of table.fix) command.addOption(commanderOption(flag))
    return command.parse(argv, { from: 'user' }).opts()
  }

  test('reads lists, factors, losses and durations', async () => {
    const flags = await parsed(...'-o fast --only thread-count,float16 --budget 2m --require 1.5x --max-loss .01'.split(' '))
    expect(flags).toMatchObject({
      out: 'fast',
      only: ['thread-count', 'float16'],
      budget: 120,
      require: 1.5,
      maxLoss: 0.01,
    })
  })

  test.each([
    ['--max-loss abc', /Give a number such as 0\.01/],
    ['--max-loss -1', /Give a number such as 0\.01/],
    ['--require fast', /Give a factor such as 2x or 1\.5x/],
    ['--require 0x', /Give a factor/],
    ['--only a,,b', /Give names separated by commas/],
    ['--outputs ,', /Give names separated by commas/],
    ['--budget soon', /Give a duration/],
    ['--budget 0', /Give a duration/],
    ['--for speed', /Give one of latency, throughput, load-time, memory, size\./],
    ['--metric f1', /Give one of accuracy, mse, mae/],
    ['--no-cache --refresh', /'--no-cache' cannot be used with option '--refresh'/],
  ])('%s is refused', async (argv, message) => {
    await expect(parsed(...argv.split(' '))).rejects.toThrow(message)
  })
})
