import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { emptyModel } from '../../timing/empty-model.ts'
import { ortCpu } from './ort-cpu.ts'
import { findOrt } from './ort-node.ts'
import { sessionOptions } from './ort-options.ts'

const model = (name: string) => path.resolve(import.meta.dirname, `../../../../../fixtures/models/${name}.onnx`)

checkEngine({ engine: ortCpu, availability: await availabilityHere(ortCpu), tolerance: { absolute: 0, relative: 0 }, gaps: {} })

describe('ort-cpu', () => {
  it('says where the package is and which version it has', async () => {
    expect(await ortCpu.available({ packageFrom: null })).toMatchObject({
      ok: true,
      device: 'cpu',
      version: findOrt(null)!.version,
    })
  })

  it('is absent as a value, with what to do', async () => {
    expect(await ortCpu.available({ packageFrom: '/no/such/folder' })).toMatchObject({
      ok: false,
      fix: expect.stringMatching(/^(ONNXRUNTIME_NODE_INSTALL=skip )?npm install onnxruntime-node$/),
    })
  })

  it('predicts: y = Wx + b of the fixture is finite and of the declared shape', async () => {
    const session = await ortCpu.open(model('fmnist_gru'), plainOptions)
    const rows = { dtype: 'float32', shape: [2, 28, 28], data: new Float32Array(2 * 28 * 28).fill(0.1) } as const
    const results = await session.run({ [session.inputs[0]!.name]: rows })
    const output = results[session.outputs[0]!.name]!
    expect(output.shape).toEqual([2, 10])
    expect((output.data as Float32Array).every(Number.isFinite)).toBe(true)
    await session.close()
  })

  it('runs the model without nodes of a model of text, whose labels are text too', async () => {
    const text = { dtype: 'string', shape: [2] } as const
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-empty-'))
    const file = path.join(folder, 'empty.onnx')
    fs.writeFileSync(file, emptyModel([{ name: 'words', type: text }], [{ name: 'label', type: text }]))
    const session = await ortCpu.open(file, plainOptions)
    const results = await session.run({ words: { ...text, data: ['one', 'two'] } })
    expect(results.label).toMatchObject({ dtype: 'string', shape: [2], data: ['a label', 'a label'] })
    await session.close()
    fs.rmSync(folder, { recursive: true })
  })

  it('fetches tensors only: a ZipMap output is left out', async () => {
    const session = await ortCpu.open(model('credit_rf10_zipmap'), plainOptions)
    const results = await session.run({ X: { dtype: 'float32', shape: [1, 23], data: new Float32Array(23) } })
    expect(Object.keys(results)).toEqual(['label'])
    expect(session.outputs.find((output) => !output.isTensor)!.shape).toBeNull()
  })

  it('gives the same numbers where outputs are reused, for every shape, and results of run() stay', async () => {
    const reusing = await ortCpu.open(model('fmnist_gru'), { ...plainOptions, reuseOutputs: true })
    const plain = await ortCpu.open(model('fmnist_gru'), plainOptions)
    const [input, output] = [plain.inputs[0]!.name, plain.outputs[0]!.name]
    const feeds = (rows: number, value: number) => ({
      [input]: { dtype: 'float32', shape: [rows, 28, 28], data: new Float32Array(rows * 28 * 28).fill(value) } as const,
    })
    const all = [feeds(1, 0.1), feeds(1, 0.9), feeds(2, 0.5)]
    const expected = []
    for (const one of all) expected.push((await plain.run(one))[output])
    const runs = all.map((one) => reusing.prepare(one))
    // The first round makes the tensors, the others write into them.
    for (let round = 0; round < 3; round++) {
      for (const [k, run] of runs.entries()) {
        const { data, dims } = ((await run()) as Record<string, { data: Float32Array; dims: number[] }>)[output]!
        expect({ data, shape: dims }).toEqual({ data: expected[k]!.data, shape: expected[k]!.shape })
      }
    }
    const kept = await reusing.run(all[0]!)
    await reusing.run(all[1]!)
    expect(kept[output]).toEqual(expected[0])
    await reusing.close()
    await plain.close()
  })

  it('throws the engine’s own words for a model it does not know', async () => {
    await expect(ortCpu.open(model('unknown-operator'), plainOptions)).rejects.toThrow(
      /NoSuchOperator|not a registered|Fatal error/,
    )
  })

  it('nests configuration entries as the binding reads them, and leaves defaults to the engine', () => {
    const given = sessionOptions({
      ...plainOptions,
      threads: null,
      configEntries: { 'session.set_denormal_as_zero': '1', 'session.x.y': '2' },
    })
    expect(given.extra).toEqual({ session: { set_denormal_as_zero: '1', x: { y: '2' } } })
    expect(given).not.toHaveProperty('intraOpNumThreads')
  })
})
