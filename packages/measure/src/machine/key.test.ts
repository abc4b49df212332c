import { expect, test } from 'vitest'
import { type KeyFacts, machineKey } from './key.ts'

const facts: KeyFacts = { cpu: 'AMD EPYC', usableCpus: 2, quotaCpus: null, isa: ['avx2', 'fma'], virtualised: true }

test('the same machine has the same key, in whatever order its instruction sets are listed', () => {
  expect(machineKey(facts)).toMatch(/^[0-9a-f]{12}$/)
  expect(machineKey({ ...facts, isa: ['fma', 'avx2'] })).toBe(machineKey(facts))
})

test('what changes a latency changes the key', () => {
  const others: Partial<KeyFacts>[] = [
    { cpu: 'Intel Xeon' },
    { usableCpus: 4 },
    { quotaCpus: 1.5 },
    { isa: ['avx2', 'avx512f', 'fma'] },
    { virtualised: null },
  ]
  const keys = [facts, ...others.map((other) => ({ ...facts, ...other }))].map(machineKey)
  expect(new Set(keys).size).toBe(keys.length)
})
