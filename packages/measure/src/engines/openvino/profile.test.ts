// OpenVINO's times of nodes as a trace: what a scripted prediction said, read as onnxruntime's profile is.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readTrace } from '../onnxruntime/facts/trace.ts'
import { declaredNames, nodeOperators } from './onnx-names.ts'
import { type NodeInfo, writeTrace } from './profile.ts'

let folder: string
let file: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-profile-'))
  file = path.join(folder, 'model.onnx')
  const type = ['float32', [1, 4]] as const
  const named = Object.assign(node('Conv', ['x', 'w'], ['c']), { name: 'first' })
  const nodes = [named, node('Relu', ['c'], ['r']), node('Identity', ['r'], ['y'])]
  fs.writeFileSync(file, writeModel(model({ nodes, inputs: [valueInfo('x', ...type)], outputs: [valueInfo('y', ...type)] })))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const ran = (name: string, type: string, kernel: string, timeUs: number, index = 0): NodeInfo => ({
  name,
  index,
  type,
  kernel,
  timeUs,
})

test('an ONNX file tells its inputs, outputs and nodes; one without a name is called after what it makes', () => {
  expect(declaredNames(file)).toEqual({ inputs: ['x'], outputs: ['y'] })
  expect([...nodeOperators(file)]).toEqual([
    ['first', 'Conv'],
    ['r', 'Relu'],
    ['y', 'Identity'],
  ])
})

test('a file that is cut within a field is an error, not an endless walk', () => {
  const cut = path.join(folder, 'cut.onnx')
  fs.writeFileSync(cut, fs.readFileSync(file).subarray(0, 20))
  expect(() => declaredNames(cut)).toThrow(/ends within a field/)
})

test('nodes have the names and operators of the model where they have them, and lie one after the other', () => {
  const nodes = [
    ran('x', 'Parameter', '', 0),
    ran('x_abcd_acdb_first', 'Reorder', 'jit_uni_f32', 3),
    ran('first/WithoutBiases', 'Convolution', 'brgconv_avx512_f32', 40),
    ran('r', 'Subgraph', 'jit_avx512_f32', 5),
  ]
  const trace = readTrace(
    writeTrace(
      path.join(folder, 'profile-'),
      [50, 30].map((durationUs) => ({ durationUs, nodes })),
      file,
    ),
  )
  const rows = trace.nodes.map(({ name, opType, provider, ts, dur }) => [name, opType, provider, ts, dur])
  expect(rows.slice(0, 3)).toEqual([
    ['x_abcd_acdb_first', 'Reorder', 'jit_uni_f32', 0, 3],
    ['first', 'Conv', 'brgconv_avx512_f32', 3, 40],
    ['r', 'Relu', 'jit_avx512_f32', 43, 5],
  ])
  expect(trace.nodes).toHaveLength(6)
  // Whole microseconds may add up to more than the prediction: its nodes stay within it.
  expect(trace.runs).toEqual([
    { ts: 0, dur: 50 },
    { ts: 50, dur: 49 },
  ])
  expect(trace.nodes.slice(3).every(({ ts }) => ts >= 50 && ts < 99)).toBe(true)
})

test('a model that is opened again has the same names, though the library counts on, and the same places', () => {
  const opened = (count: number, first: number) => [
    ...(first > 0 ? [ran(`x_f32_bf16_Multiply_${count}`, 'Reorder', 'jit_uni_f32', first, 1)] : []),
    ran(`Multiply_${count}`, 'Convolution', 'brgconv_avx512_bf16', 9, 2),
  ]
  const runs = [opened(5137, 1), opened(20523, 0)].map((nodes) => ({ durationUs: 20, nodes }))
  const { nodes } = readTrace(writeTrace(path.join(folder, 'again-'), runs, file))
  expect(nodes.map(({ name, nodeIndex }) => [name, nodeIndex])).toEqual([
    ['x_f32_bf16_Multiply', 1],
    ['Multiply', 2],
    ['Multiply', 2],
  ])
})
