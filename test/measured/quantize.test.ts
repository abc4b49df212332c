// `quantize` from the model to what is handed over. How it refuses is in packages/whyslow/src/refusals.test.ts. Whether int8 pays is this machine's business; that
// what pays is proven and written, and nothing else, is in packages/whyslow/src/planted.test.ts.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { floatTensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { FIRST_SCORE, TWO_HEADS_INPUT, twoHeads, twoHeadsImage } from '@whyslow/measure/support/outputs/example-two-heads.ts'
import { engineOf } from '@whyslow/measure/trials/engine-of.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { answerParts } from '@whyslow/report/text/answers/answer-command.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schemaOf } from '../support/schema.ts'
import { type Folders, folders, onlyFull, ownFolders, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())

const valid = schemaOf('report')

const CHANNELS = 32
const SIDE = 20

/** Two convolutions with a Relu between. */
function convolutions(): Uint8Array {
  const weights = (name: string, seed: number) =>
    floatTensor(
      name,
      [CHANNELS, CHANNELS, 3, 3],
      Array.from({ length: CHANNELS * CHANNELS * 9 }, (_, k) => Math.sin(k * seed) / 17),
    )
  const image = (name: string) => valueInfo(name, 'float32', [1, CHANNELS, SIDE, SIDE])
  const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }
  return writeModel(
    model({
      nodes: [
        node('Conv', ['x', 'v'], ['a'], attributes),
        node('Relu', ['a'], ['r']),
        node('Conv', ['r', 'w'], ['y'], attributes),
      ],
      inputs: [image('x')],
      outputs: [image('y')],
      initializers: [weights('v', 1.1), weights('w', 1.7)],
    }),
  )
}

/** NumPy's format, version 1: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
function npy(shape: readonly number[], values: Float32Array): Uint8Array {
  const about = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`
  const header = `${about.padEnd(117)}\n`
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0])
  return Buffer.concat([start, Buffer.from(header), Buffer.from(values.buffer)])
}

const SAMPLES = 6
const sample = (k: number, size = CHANNELS * SIDE * SIDE) => Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.37 + k))
const network = join(where.root, 'convolutions.onnx')
const samples = join(where.root, 'samples')
beforeAll(() => {
  writeFileSync(network, convolutions())
  mkdirSync(samples)
  for (let k = 0; k < SAMPLES; k++) writeFileSync(join(samples, `${k}.npy`), npy([1, CHANNELS, SIDE, SIDE], sample(k)))
})

const run = (own: Folders, ...argv: string[]) => whyslow(own, 'quantize', ...argv, '--no-progress')

describe.concurrent('a search', () => {
  test('the model alone, with data', async (context) => {
    const own = ownFolders(context)
    const out = join(own.root, 'fast.onnx')
    const json = join(own.root, 'report.json')
    const { status, stdout, stderr } = await run(own, network, '-o', out, '--data', samples, '--budget', '2s', '--json', json)
    expect({ status, left: own.left() }, stderr).toEqual({ status: 0, left: [] })
    const report = JSON.parse(readFileSync(json, 'utf8')) as ReportDocument
    expect(valid(report), JSON.stringify(valid.errors)).toBe(true)
    const { fix, quantization } = report
    expect(fix!.shipped).toBe(out)
    expect(quantization!.inputs).toBe('data')
    expect(stdout.replace(/\s+/g, ' ')).toContain(answerParts(report.answer).text)
    expect(stdout).not.toContain('synthetic')
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(readdirSync(own.root).filter((name) => name.startsWith('fast.onnx'))).toEqual(['fast.onnx'])
  })

  test('a folder, without data: said first and last', async (context) => {
    onlyFull(context, 'another search')
    const own = ownFolders(context)
    const out = join(own.root, 'fast')
    const { status, stdout, stderr } = await run(own, network, '-o', out, '--budget', '2s')
    expect({ status, left: own.left() }, stderr).toEqual({ status: 0, left: [] })
    const said = stdout.trim().replace(/\s+/g, ' ')
    expect(said).toMatch(/^Without --data static int8, .* is not tried, and the agreement is agreement on synthetic inputs\./)
    expect(said).toMatch(/agreement on synthetic inputs\.$/)
    expect(existsSync(join(out, 'predict.mjs'))).toBe(true)
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as ReportDocument
    expect(report.quantization).toMatchObject({ inputs: 'synthetic' })
    expect(report.quantization!.notTried.find(({ method }) => method === 'static')!.reason).toMatch(/--data/)
  })

  test('a detector whose one output joins boxes and scores keeps its scores', async (context) => {
    const own = ownFolders(context)
    const [file, out, data, json] = ['heads.onnx', 'heads-fast.onnx', 'images', 'heads.json'].map((name) =>
      join(own.root, name),
    ) as [string, string, string, string]
    writeFileSync(file, writeModel(twoHeads()))
    mkdirSync(data)
    for (let k = 0; k < SAMPLES; k++) writeFileSync(join(data, `${k}.npy`), npy(TWO_HEADS_INPUT, twoHeadsImage(k)))
    const { status, stderr } = await run(
      own,
      file,
      '-o',
      out,
      '--data',
      data,
      '--method',
      'static',
      '--budget',
      '4s',
      '--json',
      json,
    )
    expect(status, stderr).toBe(0)
    const predicted = async (model: string) => {
      const session = await engineOf('ort-cpu').open(model, plainOptions)
      const { y } = await session.run({ x: { dtype: 'float32', shape: TWO_HEADS_INPUT, data: twoHeadsImage(0) } })
      await session.close()
      return (y!.data as Float32Array).subarray(FIRST_SCORE)
    }
    const [before, after] = [await predicted(file), await predicted(out)]
    let [noise, signal] = [0, 0]
    before.forEach((score, k) => {
      noise += (after[k]! - score) ** 2
      signal += score ** 2
    })
    // A cosine of 0.995 is noise of a hundredth.
    expect(noise / signal).toBeLessThan(0.02)
  })
})

test('neither the model nor the samples were touched', () => {
  expect(readFileSync(network)).toEqual(Buffer.from(convolutions()))
  expect(readdirSync(samples)).toHaveLength(SAMPLES)
})
