import { expect, test } from 'vitest'
import { exampleMachine, exampleReport } from '../../test/support/study/example-reports.ts'
import { acceleratorClass, classOf, familyOf, fitsKind, kindOf, machineClass, processorOf } from './machine-class.ts'

test.each([
  [['avx', 'avx2', 'fma', 'avx512f', 'avx512_vnni'], 8, 'x64-avx512_vnni-8c'],
  [['avx', 'avx2', 'fma'], 2, 'x64-avx2-2c'],
  [['neon', 'dotprod'], 4, 'arm64-dotprod-4c'],
  [[], 1, 'cpu-1c'],
])('%s with %i CPUs', (isa, usableCpus, expected) => {
  expect(machineClass({ isa, usableCpus })).toBe(expected)
})

test('a family is told by any of its sets', () => {
  expect([familyOf({ isa: ['avx'] }), familyOf({ isa: ['neon'] }), familyOf({ isa: ['fma'] })]).toEqual([
    'x64',
    'arm64',
    undefined,
  ])
})

test.each([
  ['cuda', 'NVIDIA H100 80GB HBM3', 'cuda-nvidia-h100-80gb-hbm3'],
  ['gpu', 'Intel(R) Iris(R) Xe Graphics (iGPU)', 'gpu-intel-iris-xe-graphics'],
  ['webgpu', 'AMD GPU (device 0x73bf)', 'webgpu-amd-gpu-device-0x73bf'],
  ['webgpu', 'GPU (name unknown)', 'webgpu-gpu'],
  ['npu', '', 'npu'],
] as const)('%s on %s', (word, device, expected) => {
  expect(acceleratorClass(word, device)).toBe(expected)
})

test('a report is of the accelerator that its engine computes on, else of the processor', () => {
  const report = exampleReport(exampleMachine('here'), { engine: 'ort-webgpu' })
  const on = (device: string, deviceKind: 'gpu' | 'software-gpu' | null) =>
    classOf({ ...report, engine: { ...report.engine!, device, deviceKind } })
  expect(on('NVIDIA A10', 'gpu')).toBe('webgpu-nvidia-a10')
  // A driver that computes on the processor.
  expect([on('llvmpipe', 'software-gpu'), on('cpu', null), classOf({ ...report, engine: null })]).toEqual(
    Array(3).fill('x64-avx2-2c'),
  )
})

test('a kind fits by its processor and by each of its accelerators', () => {
  const kind = kindOf('x64-avx512_vnni-8c-abcdef', ['cuda-nvidia-a10', 'webgpu-nvidia-a10'])
  const patterns = ['x64-avx512_vnni*', 'cuda*', 'webgpu-*', '*-abcdef', 'arm64*', 'a10', 'cuda']
  expect(patterns.map((pattern) => fitsKind(pattern, kind))).toEqual([true, true, true, true, false, false, false])
  expect([processorOf(kind), kindOf('x64-avx2-2c-abcdef', [])]).toEqual(['x64-avx512_vnni-8c-abcdef', 'x64-avx2-2c-abcdef'])
})
