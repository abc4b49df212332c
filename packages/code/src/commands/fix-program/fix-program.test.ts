// `fix` on a program, with scripted passes, models and comparisons: what is fixed, what is changed, what is written. No process of Python starts but the probe.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { FixModel, FixModelOptions } from '@whyslow/command/fix-port.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { AbDocument } from '@whyslow/report/documents/ab.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { TrialRow } from '@whyslow/report/documents/trial-row.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { UNIX } from '../../../../../test/needs.ts'
import type { PassFailure } from '../../driver.ts'
import type { Captured, CapturedModel, Message, Plan } from '../../protocol.ts'
import type { AbOptions } from '../ab/ab.ts'
import { fixProgram } from './fix-program.ts'
import type { FixProgramOptions } from './options.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-fix-program-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
const service = path.join(folder, 'service.py')
fs.writeFileSync(service, 'model.predict(x)\n')

/** An interpreter that says of itself what a probe asks, and is nothing more. */
const interpreter = path.join(folder, 'python')
const said = { version: '3.11.7', executable: interpreter, implementation: 'cpython', has: {}, versions: {} }
fs.writeFileSync(interpreter, `#!/bin/sh\necho '${JSON.stringify(said)}'\n`, { mode: 0o755 })

const model = (rest: Partial<CapturedModel> = {}): CapturedModel => ({
  name: 'model',
  engine: 'xgboost',
  type: 'Booster',
  ran: { file: 'service.py', line: 1, function: null },
  reason: null,
  file: '/tmp/model.ubj',
  data: '/tmp/data.npz',
  batch: 1000,
  standIn: { kind: 'rows', methods: { predict: { output: 'prediction' } } },
  ...rest,
})

const captured = (models: readonly CapturedModel[], rest: Partial<Captured> = {}): Captured => ({
  models,
  files: [
    {
      file: service,
      text: 'from fast import model as fast_model\nfast_model.of(model).predict(x)\n',
      changes: [{ line: 1, before: 'model.predict(x)', after: 'fast_model.of(model).predict(x)' }],
      diff: '--- a/service.py\n',
    },
  ],
  root: folder,
  kindOfProgram: 'stages',
  tokenizers: [],
  ...rest,
})

const compared = (rest: Partial<AbDocument> = {}): AbDocument =>
  ({
    schema: 'whyslow-ab/1',
    answer: 'It is faster.',
    verdict: 'faster',
    ratio: 0.2,
    ratioHigh: 0.25,
    a: { file: 'service.py' },
    b: { runtime: 'Python 3.11.7' },
    outputs: { agreement: 'close', differingSamples: 0 },
    warnings: [],
    ...rest,
  }) as AbDocument

interface Given {
  /** What each round takes out of the program. */
  readonly rounds: readonly Captured[]
  readonly fix?: FixModel
  readonly compare?: AbDocument
  readonly options?: Partial<FixProgramOptions>
  readonly warnings?: readonly string[]
  /** What each round says of its start. */
  readonly started?: readonly Message[]
  readonly onLimits?: (limits: object) => void
  /** Of the first round. */
  readonly failure?: PassFailure
}

/** Writes what a folder of fix has, as far as it is read. */
const writes: FixModel = async (_, { out }) => {
  fs.mkdirSync(out!)
  fs.writeFileSync(path.join(out!, 'predict.py'), '')
  fs.writeFileSync(path.join(out!, 'requirements.txt'), 'numpy\n')
  return { report: { engine: { id: 'ort-cpu' }, fix: { python: { runs: 'c' } } } as ReportDocument }
}

let folders = 0
async function fixed(given: Given) {
  const { rounds, fix = writes, compare = compared(), options = {}, warnings = [], started = [], onLimits, failure } = given

  const out = path.join(folder, `fast${folders++}`)
  const [plans, models, turns]: [Plan[], (Partial<FixModelOptions> & { file: string })[], Partial<AbOptions>[]] = [[], [], []]
  const document = await fixProgram(
    service,
    {
      out,
      python: interpreter,
      trials: { alone: (work: () => Promise<unknown>) => work() } as never,
      run: async (_, plan, { limits }) => {
        plans.push(plan as Plan)
        onLimits?.(limits)
        const round = { kind: 'captured', ...rounds[plans.length - 1]! } as const
        const said = [...started, ...warnings.map((text) => ({ kind: 'warning', text }) as const), round]
        return {
          messages: failure === undefined ? said : [],
          failure: failure ?? null,
          log: { head: '', tail: '', bytes: 0 },
          leftRunning: 0,
        }
      },
      compare: async (files, given = {}) => {
        expect(files).toEqual([service, service])
        turns.push(given)
        return compare
      },
      tokenize: async () => null,
      ...options,
    },
    {
      fix: async (file, given) => {
        models.push({ file, ...given })
        return fix(file, given)
      },
    },
  )
  return { document, out, plans, models, turns }
}

describe.skipIf(process.platform === 'win32')('fix of a program', UNIX, () => {
  test('its models are fixed on what they were given, and a package is written that the changed lines import', async () => {
    const { document, out, models, turns } = await fixed({ rounds: [captured([model()])] })
    expect(models).toMatchObject([{ file: '/tmp/model.ubj', data: '/tmp/data.npz', batch: 1000, outputs: ['prediction'] }])
    expect(turns[0]).toMatchObject({
      tolerance: 1e-4,
      instead: { changed: { [service]: expect.stringContaining('fast_model') } },
    })
    expect(document.fix).toMatchObject({ shipped: out, models: [{ runs: 'c', reason: null, place: { line: 1 } }] })
    expect(fs.readdirSync(out).sort()).toEqual(
      [
        'README.md',
        '__init__.py',
        'calls.json',
        'changes.diff',
        'manifest.json',
        'model',
        'report.json',
        'requirements.txt',
        'rows_of.py',
        'text_rows.py',
        'stand_in.py',
      ].sort(),
    )
    const readme = fs.readFileSync(path.join(out, 'README.md'), 'utf8')
    expect(readme).toContain('-model.predict(x)\n+fast_model.of(model).predict(x)')
    expect(readme).toContain(`in \`${folder}\`: \`patch -p1 < "${path.basename(out)}/changes.diff"\``)
  })

  test.each<[string, Partial<AbDocument>]>([
    ['other results', { outputs: { agreement: 'different' } as AbDocument['outputs'] }],
    ['samples that differ', { outputs: { agreement: 'close', differingSamples: 1 } as AbDocument['outputs'] }],
    ['no gain', { verdict: 'no-difference' }],
  ])('%s: nothing is written', async (_, rest) => {
    const { document, out } = await fixed({ rounds: [captured([model()])], compare: compared(rest) })
    expect(document.fix!.shipped).toBeNull()
    expect(fs.existsSync(out)).toBe(false)
  })

  test('a model that cannot be fixed stays as it is, and no line is changed for it', async () => {
    const two = [model(), model({ name: 'model_2', type: 'Net', file: '/tmp/net.onnx' })]
    const { document, plans } = await fixed({
      rounds: [captured(two), captured([two[0]!, { ...two[1]!, reason: 'it was left as it is' }])],
      fix: (file, given) => {
        if (file.endsWith('.onnx')) throw new InputError('/tmp/net.onnx: an operator is not known')
        return writes(file, given)
      },
    })
    expect(plans.map(({ capture }) => capture!.without)).toEqual([[], ['model_2']])
    expect(document.fix!.models).toMatchObject([{ reason: null }, { runs: null, reason: 'an operator is not known' }])
  })

  test('a trial that fails on the file of a model does not name that file, which is gone', async () => {
    const reasons: (string | null)[] = []
    await fixed({
      rounds: [captured([model()])],
      options: { onTrial: ({ reason }) => void reasons.push(reason) },
      fix: (file, given) => {
        for (const reason of [`${file}: LSTM cannot be written as TFLite`, null]) given.onTrial?.({ reason } as TrialRow)
        return writes(file, given)
      },
    })
    expect(reasons).toEqual(['LSTM cannot be written as TFLite', null])
  })

  test('each model is announced with its number and its place, where there are several or one is known', async () => {
    const plans: string[] = []
    const onPlan = (sentence: string) => void plans.push(sentence)
    const fix: FixModel = (file, given) => {
      given.onTrial?.({ reason: null } as TrialRow)
      return writes(file, given)
    }
    await fixed({ rounds: [captured([model(), model({ name: 'model_2', ran: null })])], fix, options: { onPlan } })
    await fixed({ rounds: [captured([model({ ran: null })])], fix, options: { onPlan } })
    expect(plans).toEqual([
      '1 of 2 models: Booster of xgboost, called at service.py:1:',
      '2 of 2 models: Booster of xgboost:',
      'Booster of xgboost:',
    ])
  })

  test('a model of which nothing was tried is announced with what it predicts with', async () => {
    const plans: string[] = []
    await fixed({ rounds: [captured([model()])], options: { onPlan: (sentence) => void plans.push(sentence) } })
    expect(plans).toEqual(['Booster of xgboost, called at service.py:1:', 'unchanged, it predicts with c.'])
  })

  test('the proof of a program that is slow to start is announced with how long it takes', async () => {
    const plans: string[] = []
    const start = (ms: number): readonly Message[] => [
      { kind: 'imported', ms, target: { kind: 'stages', stages: [], places: [] } },
      { kind: 'loaded', ms: 500 },
      { kind: 'first', totalMs: 500, stagesMs: [] },
    ]
    const onPlan = (sentence: string) => void plans.push(sentence)
    // 12 processes of 2.4 s are 28.8 s; of 13 s, 156 s.
    for (const ms of [1400, 12_000]) await fixed({ rounds: [captured([model()])], started: start(ms), options: { onPlan } })
    expect(plans.filter((one) => one.startsWith('Then'))).toEqual([
      'Then the proof, in 12 fresh processes of the program, which takes 13 s to start: about 2.6 minutes.',
    ])
  })

  test('the second look at a program is for the models of the first, by their names, and replaces none that was not fixed', async () => {
    const place = (line: number) => ({ file: 'service.py', line, function: null })
    const [fit, unfit, odd] = [
      model(),
      model({ name: 'model_2', file: '/tmp/net.onnx', ran: place(2) }),
      model({ name: 'model_3', ran: place(3) }),
    ]
    const fix: FixModel = (file, given) => {
      if (file.endsWith('.onnx')) throw new InputError('/tmp/net.onnx: an operator is not known')
      return writes(file, given)
    }
    const first = captured([fit, unfit, { ...odd, reason: 'predict() is called in several ways' }])
    const { document, plans } = await fixed({ rounds: [first, captured([fit, odd])], fix })
    expect(plans[1]!.capture).toMatchObject({
      models: [{ name: 'model', engine: 'xgboost', type: 'Booster', ran: place(1) }, { name: 'model_2' }, { name: 'model_3' }],
      without: ['model_2', 'model_3'],
    })
    expect(document.fix!.models.map(({ name, reason }) => [name, reason])).toEqual([
      ['model', null],
      ['model_3', 'predict() is called in several ways'],
      ['model_2', 'an operator is not known'],
    ])
    const other = fixed({ rounds: [captured([fit, unfit]), captured([fit, model({ name: 'model_4' })])], fix })
    await expect(other).rejects.toThrow(/^\S+service\.py: a Booster of xgboost predicted only when it ran again; give it samples/)
  })

  test('what is said of its samples is said of the result; its arguments and its limit are those of all its processes', async () => {
    const limits: unknown[] = []
    const { document, plans, turns } = await fixed({
      rounds: [captured([model()])],
      options: { arguments: ['--model', 'm.joblib'], limitSeconds: 1200 },
      warnings: ['the request to POST /predict is made up'],
      onLimits: (one) => limits.push(one),
    })
    expect(document.warnings).toEqual(['the request to POST /predict is made up'])
    expect(plans[0]).toMatchObject({ arguments: ['--model', 'm.joblib'] })
    expect(limits).toMatchObject([{ stallMs: 1_200_000 }])
    expect(turns[0]).toMatchObject({ arguments: ['--model', 'm.joblib'], limitSeconds: 1200 })
  })

  test('a program that fails is told with what to do next', async () => {
    const failure = { how: 'threw', phase: 'load', stage: null, sample: null, place: { file: 'service.py', line: 3 } } as const
    const reason = 'RuntimeError: Found no NVIDIA driver on your system.'
    const refused = await fixed({ rounds: [captured([])], failure: { ...failure, reason } }).catch((error: Error) => error)
    expect((refused as Error).message).toMatch(
      /service\.py: load\(\) threw: RuntimeError: Found no NVIDIA driver on your system\. \(service\.py:3\); PyTorch finds no GPU here: take the CPU/,
    )
  })

  test('inputs that do not fit are left out once', async () => {
    const { models } = await fixed({
      rounds: [captured([model()])],
      fix: (file, given) => {
        if (given.data !== null) throw new InputError('the inputs do not fit')
        return writes(file, given)
      },
    })
    expect(models.map(({ data }) => data)).toEqual(['/tmp/data.npz', null])
  })

  test.each<[string, Captured, RegExp]>([
    [
      'no model',
      captured([]),
      /service\.py: no model of a library that whyslow knows was seen at work in it; what is slow in it: whyslow /,
    ],
    [
      'none that can be replaced',
      captured([model({ reason: 'the model is on cuda' })]),
      /its Booster of xgboost cannot be replaced: the model is on cuda/,
    ],
    [
      'a script',
      captured([], { kindOfProgram: 'script', functions: [] }),
      /runs from top to bottom.*put the prediction into predict\(sample\).*whyslow fix \S+service\.py:score --data samples\.json -o fast\/$/,
    ],
    [
      'a script with functions',
      captured([], { kindOfProgram: 'script', functions: ['load_model', 'score_rows', 'report'] }),
      /whyslow fix \S+service\.py:score_rows --data samples\.json -o fast\/ \(it has load_model, score_rows, report\)$/,
    ],
  ])('%s is refused in one line', async (_, round, says) => {
    const refused = await fixed({ rounds: [round] }).catch((error: Error) => error)
    expect(refused).toBeInstanceOf(InputError)
    expect((refused as Error).message).toMatch(says)
    expect((refused as Error).message).not.toContain('\n')
  })

  test.each<[string, Partial<AbDocument['outputs']>, RegExp]>([
    [
      'nothing',
      { notes: ['neither returns anything that can be compared'] },
      /service\.py: it returns nothing that can be compared, so/,
    ],
    [
      'what cannot be read',
      { notes: ['.model is of type Net, which cannot be compared'] },
      /service\.py: \.model is of type Net, which/,
    ],
    ['only times', { notes: [], varying: ['.ms'] }, /service\.py: all that it returns changes from call to call \(\.ms\), so/],
  ])('a program that returns %s is refused in one line', async (_, outputs, says) => {
    const compare = compared({ outputs: { agreement: 'not-comparable', ...outputs } as AbDocument['outputs'] })
    const refused = await fixed({ rounds: [captured([model()])], compare }).catch((error: Error) => error)
    expect(refused).toBeInstanceOf(InputError)
    expect((refused as Error).message).toMatch(says)
    expect((refused as Error).message).not.toContain('\n')
  })

  test('a folder that Python cannot import is refused before anything runs', async () => {
    const refused = fixed({ rounds: [], options: { out: path.join(folder, 'service-fast') } })
    await expect(refused).rejects.toThrow('Python cannot import a folder of this name')
  })

  test('a folder that would be imported in place of the program is refused before anything runs', async () => {
    const refused = fixed({ rounds: [], options: { out: path.join(folder, path.parse(service).name) } })
    await expect(refused).rejects.toThrow(/import service would find this folder in place of service\.py; .* -o fast\/$/)
  })

  test('a tokenizer written by hand is replaced in its first line, next to the models', async () => {
    const place = { file: service, line: 1, function: 'tokenize' }
    const own = {
      ...model(),
      ...place,
      name: 'tokenizer',
      engine: 'tokenizer',
      type: 'tokenize',
      ran: place,
      standIn: { kind: 'tokenizer' },
    }
    const pattern = { ...place, pattern: 'hand-tokenizer', endLine: 2, callee: null, loop: null, once: false } as never
    const { plans, out } = await fixed({
      rounds: [captured([model()], { tokenizers: [pattern] }), captured([model(), own])],
      options: {
        tokenize: async ({ ship }) => {
          fs.writeFileSync(path.join(ship!, 'tokenizer.json'), '{}')
          return [{ ...place, equal: 'bits', ratioLow: 2, standIn: { kind: 'tokenizer' } } as never]
        },
      },
    })
    expect(plans[1]!.capture!.tokenizers).toMatchObject([{ name: 'tokenizer', function: 'tokenize', line: 1 }])
    expect(fs.existsSync(path.join(out, 'tokenizer', 'tokenizer.json'))).toBe(true)
    expect(fs.readFileSync(path.join(out, 'requirements.txt'), 'utf8')).toBe('numpy\ntokenizers\n')
  })
})
