// What cannot be read, and what fix, quantize, compare and check cannot do costs one line and exit code 2, before anything is measured, and leaves nothing behind. That a
// shell gets such a line and such a code of each command is in test/measured/exit-codes.test.ts.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { onTrials, typed } from '../test/support/example-command-line.ts'

const folder = folderOfTests()
const place = (...names: string[]) => path.join(folder, ...names)
const fixture = (name: string) => path.resolve(import.meta.dirname, '../../../fixtures/models', `${name}.onnx`)

function folderOf(name: string, files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  mkdirSync(place(name))
  for (const [file, content] of Object.entries(files)) writeFileSync(place(name, file), content)
  return place(name)
}

const temporary = folderOf('tmp')
beforeEach(() => {
  vi.stubEnv('TMPDIR', temporary)
  vi.stubEnv('XDG_CACHE_HOME', place('cache'))
  vi.stubEnv('XDG_DATA_HOME', place('data'))
})

/** On a machine whose predictions would count. */
async function refuses(argv: readonly string[], says: RegExp): Promise<void> {
  const measured: string[] = []
  const trials = scriptedMachine({
    latency: () => {
      measured.push('a prediction')
      return 1
    },
  })
  const { exitCode, printed, said } = await typed([...argv, '--no-progress'], { stages: onTrials(trials) })
  expect({ exitCode, printed, measured, left: readdirSync(temporary) }, said).toEqual({
    exitCode: 2,
    printed: '',
    measured: [],
    left: [],
  })
  expect(said).toMatch(/^whyslow: [^\n]+\n$/)
  expect(said).not.toMatch(/this is a bug|\n\s+at |\bat \S+ \(|node:internal|TypeError|ReferenceError|RangeError/)
  expect(said).toMatch(says)
}

describe('a model that cannot be read', () => {
  test.each([
    ['cyclic', /read one another in a ring: 'relu'/],
    ['duplicate-names', /'same' is made twice/],
    ['undefined-input', /'nowhere', an input of node 'add'/],
    ['external-data-missing', /'not-there\.bin', which is not in the folder of/],
    ['external-data-outside', /a path that leaves its folder/],
    ['truncated', /is cut off after 1764 bytes/],
  ])('%s', (name, says) => refuses([fixture(name), '--quick'], says))
})

describe('fix', () => {
  const file = fixture('credit_mlp')
  const foreign = folderOf('foreign', { 'thesis.txt': 'years of work' })
  const out = ['-o', place('never')]

  test.each<[string, string[], RegExp]>([
    ['no such model', ['no.onnx', ...out], /no\.onnx: no such file/],
    ['a file in its place', [file, '-o', path.join(foreign, 'thesis.txt')], /thesis\.txt: this is a file/],
    ['a folder that is not whyslow’s', [file, '-o', foreign], /was not written by whyslow.*--force/],
    ['a parent that is not there', [file, '-o', place('no/such/fast')], /does not exist/],
    ['an unknown remedy', [file, ...out, '--only', 'magic'], /--only magic: no such remedy; there are .*thread-count/],
    [
      'a misspelled remedy',
      [file, ...out, '--only', 'thread-cuont'],
      /--only thread-cuont: no such remedy; did you mean thread-count\?/,
    ],
    ['a model to write', [file, '-o', place('fast.onnx')], /fast\.onnx is the name of a model, and fix writes a folder/],
    ['an unknown goal', [file, ...out, '--for', 'speed'], /'--for <goal>' cannot be 'speed': give one of latency/],
    ['an unknown output', [file, ...out, '--outputs', 'nowhere'], /--outputs nowhere: no such output; there are /],
    ['pictures for what takes none', [file, ...out, '--image-normalize', 'imagenet'], /no input takes an image .*: the model/],
    ['a loss that is no number', [file, ...out, '--max-loss', 'abc'], /--max-loss.*Give a number such as 0\.01/i],
  ])('%s', async (_, argv, says) => {
    await refuses(['fix', ...argv], says)
    expect(readdirSync(foreign)).toEqual(['thesis.txt'])
    expect(existsSync(place('never'))).toBe(false)
  })
})

describe('quantize', () => {
  const SHAPE = [1, 2, 4, 4]
  const image = (name: string) => valueInfo(name, 'float32', SHAPE)
  const bytes = writeModel(model({ nodes: [node('Relu', ['x'], ['y'])], inputs: [image('x')], outputs: [image('y')] }))
  const file = place('relu.onnx')
  writeFileSync(file, bytes)
  const sample = (shape = SHAPE, first = 1) => {
    const values = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, k) => k)
    values[3] = first
    return npy(shape, values)
  }
  const out = ['-o', place('never.onnx')]
  const data = (name: string, ...samples: Uint8Array[]) =>
    folderOf(name, Object.fromEntries(samples.map((one, k) => [`${k}.npy`, one])))

  test.each<[string, () => string[], RegExp]>([
    ['no folder for the model', () => [file, '-o', place('no/such/fast.onnx')], /does not exist/],
    ['the model itself as output', () => [file, '-o', file, '--force'], /this is the model that is read/],
    ['a file that stands there', () => [file, '-o', place('foreign/../relu.onnx')], /relu\.onnx: /],
    [
      'an unknown method',
      () => [file, ...out, '--method', 'magic'],
      /'--method <name>' cannot be 'magic': give one of dynamic, static/,
    ],
    ['float16 on the CPU', () => [file, ...out, '--method', 'float16'], /float16: engines on the CPU convert/],
    ['4 bits of static', () => [file, ...out, '--method', 'static', '--bits', '4'], /--bits 4 is for weights alone/],
    ['3 bits', () => [file, ...out, '--bits', '3'], /'--bits <n>' cannot be '3': give one of 8, 4/],
    ['static without data', () => [file, ...out, '--method', 'static'], /need real inputs; give --data, or --allow-synthetic/],
    [
      'an unknown calibration',
      () => [file, ...out, '--calibration', 'best'],
      /'--calibration <name>' cannot be 'best': give one of minmax/,
    ],
    ['an empty folder', () => [file, ...out, '--data', data('empty')], /empty: nothing in this folder that is read; give \.npz/],
    ['another shape', () => [file, ...out, '--data', data('shape', sample([1, 2, 4, 5]))], /axis 3 is 5, the model says 4/],
    ['NaN', () => [file, ...out, '--data', data('nan', sample(SHAPE, Number.NaN))], /holds NaN \(element 3 of a sample\)/],
    [
      'too few samples',
      () => [file, ...out, '--method', 'static', '--data', data('few', sample())],
      /few: one sample, and ranges of static quantization need 4 at least/,
    ],
  ])('%s', async (_, argv, says) => {
    await refuses(['quantize', ...argv()], says)
    expect(readFileSync(file)).toEqual(Buffer.from(bytes))
    expect(existsSync(place('never.onnx'))).toBe(false)
  })
})

/** NumPy's format, version 1: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
function npy(shape: readonly number[], values: Float32Array): Uint8Array {
  const about = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`
  const header = `${about.padEnd(117)}\n`
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0])
  return Buffer.concat([start, Buffer.from(header), Buffer.from(values.buffer)])
}

describe('compare', () => {
  test.each<[string[], RegExp]>([
    [[fixture('credit_lr'), fixture('credit_lr')], /is given twice/],
    [[fixture('credit_lr'), fixture('credit_mlp'), '--engines', 'ort-cpu'], /--engines compares engines on one model/],
    [[fixture('credit_lr'), '--engines', 'ort-gpu'], /--engines ort-gpu: no such engine/],
    [[fixture('lstm'), '--batch', '1,8'], /--batch 1/],
    [[fixture('credit_lr'), fixture('credit_mlp'), '--shape', 'y=1x2'], /no model has such an input; there are X/],
    [[fixture('credit_lr'), fixture('truncated')], /is cut off/],
    [[fixture('credit_lr'), '--batch', '1,0'], /whole number above 0/],
    [[], /missing required argument/],
  ])('%j', (argv, says) => refuses(['compare', ...argv], says))
})

describe('check', () => {
  const [small, large] = [fixture('credit_mlp'), fixture('transformer-block')]
  test.each<[string[], RegExp]>([
    [[small], /give --baseline base\.onnx, or --against/],
    [[small, '--baseline', small], /is its own baseline/],
    [[small, '--baseline', 'gone.onnx'], /gone\.onnx: no such file/],
    [[small, '--against', small], /is not JSON/],
    [[small, '--against', place('evidence.json')], /no such file/],
    [[small, '--baseline', large, '--fail-above', 'slow'], /factor such as/],
  ])('%j', (argv, says) => refuses(['check', ...argv], says))
})
