import fs from 'node:fs'
import path from 'node:path'
import { nodeDisk } from '@whyslow/command/model-files/disk.ts'
import { folderAt } from '@whyslow/command/model-files/folder.ts'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { constantsOf, readBytes } from '@whyslow/graph/constants.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { describe, expect, test } from 'vitest'
import { FIXTURES, planFor, planOf, scratch } from '../../test/support/ship/example-plan.ts'
import { writeModelOf } from './model-file.ts'

/** Every constant's bytes, wherever they lie. */
function bytesOf(model: Model): Record<string, string> {
  const constants = [...constantsOf(model).values()]
  return Object.fromEntries(constants.map((one) => [one.name, Buffer.from(readBytes(model, one)).toString('hex')]))
}

const inOut = { inputs: [valueInfo('x', 'float32', [2])], outputs: [valueInfo('y', 'float32', [2])] }

describe('an untouched model', () => {
  test('is copied byte for byte', async () => {
    const file = path.join(FIXTURES, 'credit_mlp.onnx')
    const plan = await planFor(file, 'unused')
    const folder = folderAt(scratch(), nodeDisk)
    await writeModelOf(plan, folder)
    expect(folder.files).toEqual([
      { path: 'model.onnx', role: 'model', sizeBytes: fs.statSync(file).size, sha256: plan.original.sha256 },
    ])
  })

  test('that changed or went since it was read is an error of the input', async () => {
    const file = path.join(scratch(), 'm.onnx')
    fs.copyFileSync(path.join(FIXTURES, 'credit_mlp.onnx'), file)
    const plan = await planFor(file, 'unused')
    fs.appendFileSync(file, 'x')
    await expect(writeModelOf(plan, folderAt(scratch(), nodeDisk))).rejects.toThrow(/m\.onnx changed while whyslow ran/)
    fs.rmSync(file)
    await expect(writeModelOf(plan, folderAt(scratch(), nodeDisk))).rejects.toThrow(/m\.onnx can no longer be read \(ENOENT\)/)
  })

  test('of another format is encoded: its bytes are no ONNX', async () => {
    const plan = await planFor(path.join(FIXTURES, 'credit_mlp.onnx'), 'unused')
    const source = { ...plan.setup.model.source, format: 'moon' }
    const at = scratch()
    const setup = { ...plan.setup, model: { ...plan.setup.model, source } }
    await writeModelOf({ ...plan, setup, original: { ...plan.original, file: '/models/m.moon' } }, folderAt(at, nodeDisk))
    expect(bytesOf(await readOnnx(path.join(at, 'model.onnx')))).toEqual(bytesOf(plan.setup.model))
  })

  test('made in code is encoded', async () => {
    const proto = model({ ...inOut, nodes: [node('Relu', ['x'], ['y'])] })
    const at = scratch()
    await writeModelOf(planOf(modelInMemory(proto), 'unused'), folderAt(at, nodeDisk))
    expect((await readOnnx(path.join(at, 'model.onnx'))).proto.graph!.node[0]!.opType).toBe('Relu')
  })
})
