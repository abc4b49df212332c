// The examples about user code run, and both ways of each give the same. How much faster one is stands on their pages, from a quiet machine.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { ab } from '@whyslow/code/commands/ab/ab.ts'
import type { SourcePattern } from '@whyslow/code/facts.ts'
import { tryPythonTokenizers } from '@whyslow/code/replace/python-tokenizers.ts'
import type { AbDocument } from '@whyslow/report/documents/ab.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { needs } from '../needs.ts'
import { ROOT } from '../root.ts'
import { folders, onlyFull, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())

/** .ci/run names one that has them. */
const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const has = (packages: string): boolean => spawnSync(python, ['-c', `import ${packages}`]).status === 0

/** Two pairs of processes tell what is many times as fast, and the command line takes no fewer than four: ab.test.ts has it. */
const compared = (before: string, after: string): Promise<AbDocument> =>
  ab([join(ROOT, 'examples', before), join(ROOT, 'examples', after)], { quick: true, pairs: 2, python })

test('element-wise-product in JavaScript', async (context) => {
  onlyFull(context, 'a million numbers, in pairs of processes')
  const document = await compared('element-wise-product/loop.mjs', 'element-wise-product/typed.mjs')
  expect(document.outputs).toMatchObject({ agreement: 'identical', numbers: 1_000_000 })
  expect(document.ratio).toBeLessThan(1)
})

describe.skipIf(!has('numpy'))('with NumPy', needs('NumPy'), () => {
  test('element-wise-product in Python', async () => {
    const document = await compared('element-wise-product/loop.py', 'element-wise-product/vectorized.py')
    expect(document.outputs).toMatchObject({ agreement: 'identical', numbers: 1_000_000 })
    expect(document.ratio).toBeLessThan(1)
  })

  test('the tutorial runs as it stands', () => {
    const { status, stdout } = spawnSync(python, [join(ROOT, 'examples/element-wise-product/tutorial.py')], { encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^loop: .* ms\nvectorized: .* ms\n$/)])
  })
})

describe.skipIf(!has('numpy, pandas'))('with NumPy and pandas', needs('NumPy and pandas'), () => {
  test('fraud-service', async () => {
    const document = await compared('fraud-service/before.py', 'fraud-service/after.py')
    expect(document.outputs).toMatchObject({ agreement: 'close', samples: 32, numbers: 32 })
    expect(document.ratio).toBeLessThan(1)
  })
})

describe.skipIf(!has('numpy, tokenizers'))('with NumPy and tokenizers', needs('NumPy and tokenizers'), () => {
  test('text-classifier', async () => {
    const document = await compared('text-classifier/before.py', 'text-classifier/after.py')
    expect(document.outputs).toMatchObject({ agreement: 'identical', samples: 64 })
  })

  test('text-classifier: the library gives the ids of the tokenizer by hand', async () => {
    const file = join(ROOT, 'examples/text-classifier/before.py')
    const places = [{ file, line: 31 }] as unknown as readonly SourcePattern[]
    const program = { file, call: null, data: null, arguments: [], folders: [], limitMs: 120_000 }
    const found = await tryPythonTokenizers({ ...program, isScript: false, places, interpreter: [python] })
    expect(found).toMatchObject([{ line: 31, function: 'preprocess', equal: 'bits', on: expect.stringMatching(/^\d\d texts$/) }])
    expect(found![0]!.code!.join('\n')).toMatch(/models\.BPE\(vocab, merges/)
  })
})

describe.skipIf(!has('keras, sklearn'))('with Keras and scikit-learn', needs('Keras and scikit-learn'), () => {
  test('keras-digits: the .h5 file in Keras and outside of it, and as .tflite', async (context) => {
    onlyFull(context, 'a model is trained')
    const made = spawnSync(python, [join(ROOT, 'examples/keras-digits/make_model.py'), where.data], { encoding: 'utf8' })
    expect(made.status, made.stderr).toBe(0)
    expect(Number(/accuracy (\S+)/.exec(made.stdout)![1])).toBeGreaterThan(0.85)
    const [model, data] = ['digits.h5', 'digits.npz'].map((name) => join(where.data, name)) as [string, string]
    const short = ['--quick', '--runs', '2', '--duration', '0.3', '--no-progress']
    const given = ['--python', python, '--data', data, '--labels', 'label', ...short]
    const engines = ['--engines', 'python-keras,ort-cpu', '--session-config', 'call=function']
    const both = await whyslow(where, 'compare', model, ...engines, ...given, '--json', '-')
    expect(both.status, both.stderr).toBe(0)
    expect(both.stdout).toMatch(/"python-keras"/)
    const small = join(where.data, 'digits.tflite')
    const written = await whyslow(where, 'quantize', model, '-o', small, '--data', data, '--labels', 'label', '--no-progress')
    expect(written.status, written.stderr).toBe(0)
    expect(written.stdout).toMatch(/of the decisions the same/)
    expect(statSync(small).size).toBeLessThan(statSync(model).size / 5)
  })
})
