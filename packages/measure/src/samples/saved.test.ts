import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UNIX } from '../../../../test/needs.ts'
import { loadInputs, openInputs, saveInputs, taskInputs } from './saved.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'whyslow-saved-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const ids = { dtype: 'int64', shape: [1, 2], data: BigInt64Array.of(5n, -1n) } as const
const first = {
  ids,
  'x:0/y': { dtype: 'float32', shape: [3], data: new Float32Array([0, 1, 2, 3, 4]).subarray(1, 4) },
  half: { dtype: 'float16', shape: [1], data: Uint16Array.of(0x3c00) },
  flag: { dtype: 'bool', shape: [], data: Uint8Array.of(1) },
  text: { dtype: 'string', shape: [2], data: ['a', 'ü\n"'] },
} as const

describe('saveInputs and loadInputs', () => {
  it.skipIf(process.platform === 'win32')('read no file through a link that leaves the folder', UNIX, () => {
    const file = saveInputs(join(dir, 'kept'), [{ ids }])
    const tensor = readdirSync(join(dir, 'kept')).find((name) => name.endsWith('.bin'))!
    renameSync(join(dir, 'kept', tensor), join(dir, tensor))
    symlinkSync(join(dir, tensor), join(dir, 'kept', tensor))
    expect(() => loadInputs(file)).toThrow(/is a link that leaves the folder; save the inputs again/)
  })

  it('give back what was saved, and share equal tensors', () => {
    const file = saveInputs(join(dir, 'new', 'folder'), [first, { ...first, half: { ...first.half, data: Uint16Array.of(7) } }])
    const loaded = loadInputs(file)
    expect(loaded[0]).toEqual({ ...first, 'x:0/y': { ...first['x:0/y'], data: Float32Array.of(1, 2, 3) } })
    expect(loaded[1]!.half!.data).toEqual(Uint16Array.of(7))
    expect((loaded[1]!.ids!.data as BigInt64Array).buffer).toBe((loaded[0]!.ids!.data as BigInt64Array).buffer)
    // Five tensors in two samples, one of them different: six files and the index; nothing half-written stays.
    expect(readdirSync(join(dir, 'new', 'folder'))).toHaveLength(7)
  })
  it('of a task: small samples are handed over themselves, large ones lie on disk', () => {
    const large = { x: { dtype: 'uint8', shape: [33 * 2 ** 20], data: new Uint8Array(33 * 2 ** 20).fill(9) } } as const
    expect(taskInputs(join(dir, 'small'), [first])).toEqual([first])
    const saved = taskInputs(join(dir, 'large'), [large, first])
    expect(saved).toBe(join(dir, 'large', 'inputs.json'))
    for (const inputs of [saved, [large, first]]) {
      const opened = openInputs(inputs)
      expect(opened.count).toBe(2)
      expect((opened.read(0).x!.data as Uint8Array)[7]).toBe(9)
      expect(opened.read(1).text).toEqual(first.text)
    }
  })

  it('write the documented form', () => {
    const file = saveInputs(dir, [{ ids }])
    const index = JSON.parse(readFileSync(file, 'utf8'))
    expect(index).toEqual({
      samples: [[{ name: 'ids', dtype: 'int64', shape: [1, 2], file: expect.stringMatching(/^[\w.-]+$/) }]],
    })
    // 5 and -1 as little-endian 64-bit numbers.
    expect([...readFileSync(join(dir, index.samples[0][0].file))]).toEqual([5, 0, 0, 0, 0, 0, 0, 0, ...Array(8).fill(255)])
  })
  it('refuse a damaged or foreign folder in one line', () => {
    const file = saveInputs(dir, [{ ids }])
    const data = join(dir, JSON.parse(readFileSync(file, 'utf8')).samples[0][0].file)
    writeFileSync(data, new Uint8Array(15))
    expect(() => loadInputs(file)).toThrow(/has 15 bytes, int64 \[1,2\] takes 16; save the inputs again/)
    const entry = { name: 'x', dtype: 'int8', shape: [1], file: 'x.bin' }
    const contents = [
      '{"samples":',
      '[]',
      JSON.stringify({ samples: [[{ ...entry, file: '../x.bin' }]] }),
      JSON.stringify({ samples: [[{ ...entry, file: 'missing.bin' }]] }),
      JSON.stringify({ samples: [[{ ...entry, shape: [-1] }]] }),
      JSON.stringify({ samples: [[{ ...entry, file: 'inputs.json', dtype: 'float77' }]] }),
    ]
    for (const content of contents) {
      writeFileSync(file, content)
      expect(() => loadInputs(file)).toThrow(InputError)
      expect(() => loadInputs(file)).not.toThrow(/\n/)
    }
    expect(() => saveInputs(data, [{ ids }])).toThrow(/cannot be saved there \(EEXIST\)/)
  })
})
