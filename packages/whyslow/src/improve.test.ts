import fs from 'node:fs'
import path from 'node:path'
import type { FixGeneratorOptions } from '@whyslow/generation/commands/fix/options.ts'
import { decoderWeights } from '@whyslow/generation/support/decoder/weights.ts'
import { writeFolder } from '@whyslow/generation/support/decoder/write-folder.ts'
import { writeTextEncoder } from '@whyslow/generation/support/texts/write-text-encoder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { GenerationDocument } from '@whyslow/report/documents/generation.ts'
import { exampleGeneration } from '@whyslow/report/support/documents/example-generation.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { removeMade, scratch } from '../../../test/support/made-folders.ts'
import { typed } from '../test/support/example-command-line.ts'

afterAll(removeMade)
const folder = writeFolder(path.join(scratch(), 'model'), decoderWeights())
const decoder = path.join(folder, 'onnx/model.onnx')
const model = path.resolve('fixtures/models/credit_mlp.onnx')

const ratio = { value: 0.5, low: 0.45, high: 0.55 }
const fixedDocument: GenerationDocument = {
  ...exampleGeneration,
  answer: 'A token takes 20.5 ms instead of 41.0 ms.',
  fix: {
    tried: [{ remedy: 'threads-1', outcome: 'kept', reason: 'a token takes 0.50 of the time', timePerTokenRatio: ratio }],
    ...{ kept: ['threads-1'], folder: 'fast', timePerTokenRatio: ratio, firstTokenRatio: ratio },
    equality: { prompts: 20, tokensPerPrompt: 128, equal: 20, nearTies: 0, perplexityRatio: null, sentence: 'all are equal' },
  },
}

async function fix(words: string, document = fixedDocument) {
  const asked: [string, Partial<FixGeneratorOptions>][] = []
  const ended = await typed(words.split(' '), {
    stages: () => ({
      fixGenerator: async (source: string, options: Partial<FixGeneratorOptions> = {}) => {
        asked.push([source, options])
        options.onDiagnosis?.('A token takes 41 ms.')
        options.onTrial?.(document.fix!.tried[0]!)
        return document
      },
    }),
  })
  return { ...ended, asked }
}

describe('fix of a generator', () => {
  test.each([folder, decoder])('%s is for the product that generates', async (source) => {
    const { asked, exitCode, printed } = await fix(
      `fix ${source} -o fast/ --threads 2 --budget 60s --max-loss 0.05 --only threads`,
    )
    expect(exitCode).toBe(0)
    expect(asked).toMatchObject([
      [source, { out: 'fast/', threads: 2, budgetSeconds: 60, maxLoss: 0.05, only: ['threads'], dryRun: false }],
    ])
    const [diagnosis, trial, answer, written] = [
      'A token takes 41 ms.',
      '+ threads-1: kept',
      'instead of 41.0 ms.',
      'Written: fast',
    ].map((text) => printed.indexOf(text))
    expect([diagnosis, trial, answer, written].every((at) => at! >= 0)).toBe(true)
    expect(diagnosis).toBeLessThan(trial!)
    expect(trial).toBeLessThan(answer!)
  })

  test('its document goes to a file, or alone to standard output', async () => {
    const { printed } = await fix(`fix ${folder} -o fast/ --json -`)
    expect(JSON.parse(printed)).toEqual(fixedDocument)
  })

  test('a goal that is missed is exit code 3', async () => {
    expect((await fix(`fix ${folder} -o fast/ --require 1.8x`)).exitCode).toBe(0)
    const missed = await fix(`fix ${folder} -o fast/ --require 2x`)
    expect(missed).toMatchObject({
      exitCode: 3,
      said: expect.stringContaining('--require 2x: not reached, at least 1.81x is proven'),
    })
    const nothing = { ...fixedDocument, fix: { ...fixedDocument.fix!, folder: null, timePerTokenRatio: null } }
    expect((await fix(`fix ${folder} -o fast/ --require 2x`, nothing)).said).toContain('nothing is proven faster')
  })

  test.each([
    ['--image-size 2x2', '--image-size is for models of one prediction'],
    ['--data x', '--data is for models of one prediction'],
    ['--for size', '--for size: a generator is improved for latency'],
    ['-o fast.onnx', '-o fast.onnx is the name of a model, and fix writes a folder'],
  ])('%s is refused in one line', async (flags, message) => {
    const { exitCode, said, asked } = await fix(`fix ${folder} ${flags}`)
    expect([exitCode, asked]).toEqual([2, []])
    expect(said).toContain(message)
    expect(said.trim().split('\n')).toHaveLength(1)
  })
})

test('fix of a model of one prediction takes no prompts', async () => {
  fs.writeFileSync(path.join(folder, 'prompts.txt'), 'a')
  const { exitCode, said } = await typed(['fix', model, '--prompts', path.join(folder, 'prompts.txt')])
  expect(exitCode).toBe(2)
  expect(said).toContain('--prompts is for models that generate text')
})

test('quantize of a generator names fix', async () => {
  const { exitCode, said } = await typed(['quantize', folder])
  expect(exitCode).toBe(2)
  expect(said).toContain(`fix tries its weights in 8 and 4 bits, and proves the tokens: whyslow fix ${folder} -o fast/`)
})

describe('fix of a program', () => {
  const program = path.join(folder, 'service.py')
  const fixed = (words: string) => {
    fs.writeFileSync(program, 'def predict(x):\n    return x\n')
    const asked: [string, object][] = []
    const shipped = { shipped: 'fast', files: [], models: [] }
    const side = {
      file: 'service.py',
      language: 'python',
      runtime: 'Python 3.11.7',
      call: ['predict'],
      callMs: 2,
      importMs: 1,
      loadMs: null,
      firstMs: 2,
      packages: [],
    }
    const outputs = {
      ...{
        agreement: 'close',
        samples: 1,
        differingSamples: 0,
        numbers: 1,
        differing: 1,
        maxAbsolute: 0,
        maxRelative: 0,
        sameChoice: null,
      },
      ...{ farPixels: null, differences: [], notes: [], repeats: { a: true, b: true } },
    }
    const document = {
      ...{
        schema: 'whyslow-ab/1',
        tool: { version: '0.0.0' },
        createdAt: '',
        answer: 'It is faster.',
        verdict: 'faster',
        warnings: [],
      },
      ...{ ratio: 0.5, ratioLow: 0.4, ratioHigh: 0.6, levelPercent: 95, pairs: [], a: side, b: side, outputs, fix: shipped },
      samples: { count: 1, timed: 1, source: 'a' },
    }
    return typed(words.split(' '), {
      stages: () => ({
        fixProgram: async (file: string, options: object = {}) => {
          asked.push([file, options])
          return document as never
        },
      }),
    }).then((ended) => ({ ...ended, asked }))
  }

  test('a file of Python that does not give its model is one, with a function of it or without', async () => {
    for (const given of [program, `${program}:predict`]) {
      const { asked, exitCode } = await fixed(`fix ${given} -o fast --budget 30s --data rows.json --max-loss 0.01`)
      expect(exitCode).toBe(0)
      expect(asked).toMatchObject([[given, { out: 'fast', budgetSeconds: 30, data: 'rows.json', maxLoss: 0.01 }]])
    }
    expect((await fixed(`fix ${program}`)).asked).toMatchObject([[program, { out: 'service_fast' }]])
  })

  test.each([
    ['model = Net()\n\ndef predict(x):\n    return model(x)\n', 'fixProgram'],
    ['from net import model\n\ndef example_inputs():\n    return (1,)\n', 'fix'],
    ['def model():\n    return Net()\n', 'fix'],
  ])('%j is for %s', async (source, stage) => {
    const asked: string[] = []
    const note = (name: string) => async () => Promise.reject(asked.push(name))
    fs.writeFileSync(program, source)
    await typed(['fix', program, '-o', 'fast'], { stages: () => ({ fixProgram: note('fixProgram'), fix: note('fix') }) as never })
    expect(asked).toEqual([stage])
  })

  test.each(['--slo p99<20ms', '--dry-run', '--image-size 2x2', '--shape x=1x2'])('%s is for a model', async (flags) => {
    const { exitCode, said, asked } = await fixed(`fix ${program} ${flags}`)
    expect([exitCode, asked]).toEqual([2, []])
    expect(said).toMatch(
      /^whyslow: fix: --[\w-]+ is for a model, and .*service\.py is a program that runs models; leave it out\n$/,
    )
  })

  test('arguments behind -- are its own, and --timeout its limit; a model has neither', async () => {
    const { asked, exitCode } = await fixed(`fix ${program} -o fast --timeout 20m -- --model m.joblib`)
    expect(exitCode).toBe(0)
    expect(asked).toMatchObject([[program, { limitSeconds: 1200, arguments: ['--model', 'm.joblib'] }]])
    for (const [words, says] of [
      [`fix ${model} b.onnx`, /^whyslow: b\.onnx: whyslow fix takes one model; see whyslow fix --help\n$/],
      [
        `fix ${model} --timeout 20m`,
        /^whyslow: fix: --timeout is for a program that runs models, and .*credit_mlp\.onnx is none/,
      ],
    ] as const) {
      const refused = await fixed(words)
      expect([refused.exitCode, refused.asked]).toEqual([2, []])
      expect(refused.said).toMatch(says)
    }
  })

  test('a goal that is missed is exit code 3', async () => {
    expect((await fixed(`fix ${program} -o fast --require 1.5x`)).exitCode).toBe(0)
    expect((await fixed(`fix ${program} -o fast --require 2x`)).exitCode).toBe(3)
  })
})

test.each(['fix', 'quantize'] as const)('%s of a folder that reads texts is about its model', async (command) => {
  const encoder = writeTextEncoder(path.join(scratch(), 'encoder'))
  const asked: string[] = []
  const stage = async (file: string): Promise<never> => {
    asked.push(file)
    throw new InputError('nothing is measured here')
  }
  const { said } = await typed(`${command} ${encoder} -o ${path.join(scratch(), 'fast')}`, {
    stages: () => ({ fix: stage, quantize: stage }),
  })
  expect(asked).toEqual([path.join(encoder, 'onnx/model.onnx')])
  expect(said).toContain(`whyslow: the model of ${encoder} is ${asked[0]}`)
})
