// What --data names, as samples.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { decodeValue } from './decode-value.ts'
import { readSamples } from './read-samples.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-samples-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const read = (path: string, most = 64) => readSamples(path, most).map(decodeValue)

function npy(shape: string, values: Float32Array): Uint8Array {
  const head = `${`{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117)}\n`
  const start = Uint8Array.of(0x93, ...Buffer.from('NUMPY'), 1, 0, head.length, 0)
  return Buffer.concat([start, Buffer.from(head), new Uint8Array(values.buffer)])
}

test('rows of an array; one of a single axis is one sample', () => {
  const rows = read(file('rows.npy', npy('(2, 3)', Float32Array.of(1, 2, 3, 4, 5, 6))))
  expect(rows).toEqual([Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)])
  expect(read(file('one.npy', npy('(3,)', Float32Array.of(1, 2, 3))))).toEqual([Float32Array.of(1, 2, 3)])
})

test('arrays of more axes say their shape', () => {
  const [sample] = read(file('cube.npy', npy('(1, 2, 2)', Float32Array.of(1, 2, 3, 4)))) as [Float32Array & { shape: number[] }]
  expect(sample).toEqual(Float32Array.of(1, 2, 3, 4))
  expect(sample.shape).toEqual([2, 2])
})

test('members of a JSON list, lines of a table, of a text', () => {
  expect(read(file('list.json', '[{"a": 1, "b": [0.5, 2]}, {"a": 2, "b": []}]'))).toEqual([
    { a: 1, b: [0.5, 2] },
    { a: 2, b: [] },
  ])
  expect(read(file('numbers.json', '[1, 2, 3]'))).toEqual([[1, 2, 3]])
  expect(read(file('table.csv', '\ufeffname,amount\n"Smith, J",12.5\n"two\nlines",\n'))).toEqual([
    { name: 'Smith, J', amount: 12.5 },
    { name: 'two\nlines', amount: '' },
  ])
  expect(read(file('lines.txt', 'one\ntwo\n'), 1)).toEqual(['one'])
})

test('a file of another kind is its path; in a folder JSON and texts are read', () => {
  expect(read(file('x.pkl', 'x'))).toEqual([join(folder, 'x.pkl')])
  const inside = mkdtempSync(join(folder, 'inside-'))
  for (const [name, text] of [
    ['2.json', '[1, 2]'],
    ['10.txt', 'one\ntwo'],
    ['.hidden', ''],
    ['3.wav', ''],
  ] as const)
    writeFileSync(join(inside, name), text)
  expect(read(inside)).toEqual(['one\ntwo', [1, 2], join(inside, '3.wav')])
})

test('what is not there or not read is said in one line', () => {
  expect(() => readSamples(join(folder, 'none.npz'), 1)).toThrow('there is no such file or folder')
  expect(() => readSamples(file('x.json', '{'), 1)).toThrow('not JSON')
  expect(() => readSamples(file('empty.csv', 'a,b\n'), 1)).toThrow('no sample in it')
})
