import { expect, test } from 'vitest'
import { familyOf, machineClass } from './machine-class.ts'

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
