import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { availabilityHere, checkEngine, needsEngine } from '../../../test/support/engines/check-engine.ts'
import { floats, PERCEPTRON } from '../../../test/support/engines/example-models.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { GAPS } from '../../../test/support/engines/openvino/example-gaps.ts'
import { readTrace } from '../onnxruntime/facts/trace.ts'
import { openvino } from './openvino.ts'

const availability = await availabilityHere(openvino)

checkEngine({ engine: openvino, availability, tolerance: { absolute: 1e-5, relative: 1e-4 }, gaps: GAPS })

describe.skipIf(!availability.ok)('openvino', needsEngine(availability), () => {
  let folder: string
  let file: string
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-openvino-'))
    file = path.join(folder, 'perceptron.onnx')
    fs.writeFileSync(file, PERCEPTRON.bytes!)
  })
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
  const rows = (count: number) => ({ x: floats([count, 16], count) })

  test('more shapes than are compiled for give the same outputs', async () => {
    const session = await openvino.open(file, plainOptions)
    const whole = (await session.run(rows(7))).y!
    for (let count = 1; count <= 8; count++) expect((await session.run(rows(count))).y!.shape).toEqual([count, 4])
    expect((await session.run(rows(7))).y).toEqual(whole)
    await session.close()
  })

  test('tells its threads once the model is compiled, and has as many as were asked for', async () => {
    const session = await openvino.open(file, plainOptions)
    expect(session.threads).toBeUndefined()
    await session.run(rows(1))
    expect(session.threads).toBe(1)
    await session.close()
  })

  test('a session that is closed is an error, not the end of the process', async () => {
    const session = await openvino.open(file, plainOptions)
    const predict = session.prepare(rows(1))
    await predict()
    await session.close()
    await session.close()
    await expect(predict()).rejects.toThrow('closed')
  })

  test('a profile has the model’s own names, prediction by prediction, with the kernels', async () => {
    const session = await openvino.open(file, { ...plainOptions, profilePrefix: path.join(folder, 'profile-') })
    const predict = session.prepare(rows(2))
    for (let k = 0; k < 3; k++) await predict()
    const trace = readTrace((await session.endProfiling!())!)
    await session.close()
    expect(trace.runs).toHaveLength(3)
    const names = trace.nodes.filter(({ opType }) => opType === 'MatMul' || opType === 'Gemm')
    expect(new Set(names.map(({ opType }) => opType))).toContain('MatMul')
    expect(trace.nodes.every(({ provider }) => provider !== '')).toBe(true)
  })

  test('a property that the device does not know, and a library that is none, are errors in its own words', async () => {
    await expect(
      openvino.open(path.resolve('fixtures/models/if-subgraph.onnx'), { ...plainOptions, configEntries: { NO_SUCH_KEY: '1' } }),
    ).rejects.toThrow(/NO_SUCH_KEY/)
    expect(await openvino.available({ packageFrom: null, openvino: import.meta.filename })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/openvino\.test\.ts does not load: /),
    })
  })
})
