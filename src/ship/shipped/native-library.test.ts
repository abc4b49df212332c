// Where shipped code looks for a native library, held against the engine that was measured with it.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { findLibrary as findLitert } from '../../engines/litert/find-library.ts'
import { surroundings } from '../../engines/native-library.ts'
import { findLibrary as findOpenvino } from '../../engines/openvino/find-library.ts'
import { isBeyond32Bits as isBeyond32BitsThere } from '../../engines/openvino/wide-numbers.ts'
import type { TensorValue } from '../../engines/types.ts'
// @ts-expect-error: shipped as it is, without types.
import { LIBRARY as LITERT } from './litert.mjs'
// @ts-expect-error: shipped as it is, without types.
import { findLibrary, openLibrary, tensorsOf } from './native-library.mjs'
// @ts-expect-error: shipped as it is, without types.
import { isBeyond32Bits, LIBRARY as OPENVINO } from './openvino.mjs'

let root: string
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-library-'))
})
afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

type Place = readonly [what: string, below: string, envOf: (folder: string) => Record<string, string>]

describe.each([
  {
    library: OPENVINO,
    find: findOpenvino,
    versions: ['.2541', '.2641'],
    places: [
      ['a folder that is named', 'libs', (folder) => ({ OPENVINO_LIBRARY: folder })],
      ['an environment that is named', 'lib/python3.11/site-packages/openvino/libs', (folder) => ({ OPENVINO_LIBRARY: folder })],
      ['the active environment', 'lib/python3.12/site-packages/openvino/libs', (folder) => ({ VIRTUAL_ENV: folder })],
      ['an archive', 'runtime/lib/intel64', (folder) => ({ INTEL_OPENVINO_DIR: folder })],
      ["the linker's path", 'x', (folder) => ({ LD_LIBRARY_PATH: path.join(folder, 'x') })],
    ] as readonly Place[],
  },
  {
    library: LITERT,
    find: findLitert,
    versions: [],
    places: [
      ['a folder that is named', 'ai_edge_litert', (folder) => ({ LITERT_LIBRARY: folder })],
      ['an environment that is named', 'lib/python3.11/site-packages/ai_edge_litert', (folder) => ({ LITERT_LIBRARY: folder })],
      ['the active environment', 'lib/python3.12/site-packages/ai_edge_litert', (folder) => ({ VIRTUAL_ENV: folder })],
      ["the linker's path", 'x', (folder) => ({ LD_LIBRARY_PATH: path.join(folder, 'x') })],
    ] as readonly Place[],
  },
])('$library.title is found where the engine finds it', ({ library, find, versions, places }) => {
  test.each(places)('%s', (_, below, envOf) => {
    const folder = path.join(root, below)
    fs.mkdirSync(folder, { recursive: true })
    const [, name] = library.files[process.platform] ?? library.files.linux
    for (const end of ['', ...versions]) fs.writeFileSync(path.join(folder, `${name}${end}`), '')
    const env = { PATH: '', ...envOf(root) }
    const found = find({}, { platform: process.platform, env, home: root, nodeRuntime: null, linkerFolder: root })
    expect(found).toMatchObject({ ok: true })
    expect(findLibrary(library, '', env)).toBe(found.ok && found.file)
  })

  test.each(['no home', 'an empty HOME'])('a user with %s has no packages, and a program is not ended by it', (what) => {
    vi.spyOn(os, 'homedir').mockImplementation(() => {
      if (what === 'an empty HOME') return ''
      throw new Error('A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)')
    })
    syncBuiltinESMExports()
    try {
      expect(surroundings().home).toBeNull()
      const read = vi.spyOn(fs, 'readdirSync')
      syncBuiltinESMExports()
      const found = find({}, { ...surroundings(), env: { PATH: '' } })
      if (found.ok) expect(findLibrary(library, '', { PATH: '' })).toBe(found.file)
      else expect(() => findLibrary(library, 'install it', { PATH: '' })).toThrow(/was not found .*: install it$/)
      expect(read.mock.calls.filter(([folder]) => String(folder).includes('.local'))).toEqual([])
    } finally {
      vi.restoreAllMocks()
      syncBuiltinESMExports()
    }
  })

  test('what is named and has none is not passed over', () => {
    expect(() => findLibrary(library, 'install it', { [library.variable]: root })).toThrow(
      new RegExp(`${library.title}.* was not found in ${library.variable} .*: install it$`),
    )
  })
})

test.each([
  [[2, 3], 'are 6 numbers, and data has 4'],
  [[1], 'are 1 numbers, and data has 4'],
  [[], 'are 1 numbers, and data has 4'],
  [[-2, -2], 'dims are whole numbers from 0 on, not -2x-2'],
  [[0.5, 8], 'dims are whole numbers from 0 on, not 0.5x8'],
  [['2', 2], 'dims are whole numbers from 0 on, not 2x2'],
])('four numbers of shape %o never reach native memory', (dims, message) => {
  const feeds = { x: { type: 'float32', data: new Float32Array(4), dims } }
  const inputs = [{ name: 'x', dtype: 'float32', shape: null }]
  expect(() => tensorsOf(feeds, inputs, { float32: [4, Float32Array] })).toThrow(message)
})

describe('plain numbers, as onnxruntime takes them', () => {
  const types = { float16: [3, Uint16Array], int64: [10, BigInt64Array], float32: [4, Float32Array] }
  const given = (dtype: string, data: unknown) =>
    tensorsOf({ x: { type: dtype, data, dims: [2] } }, [{ name: 'x', dtype, shape: [2] }], types)

  test('of 64 bits need be no BigInts', () => {
    expect(given('int64', [1, 2])[0].data).toEqual(BigInt64Array.of(1n, 2n))
    expect(given('int64', [1n, 2n])[0].data).toEqual(BigInt64Array.of(1n, 2n))
    expect(given('float32', [0.5, 1])[0].data).toEqual(Float32Array.of(0.5, 1))
  })

  test('of 16 bits would be taken for their bits, and are refused', () => {
    expect(() => given('float16', [0.5, 1])).toThrow("input 'x': data of float16 is a Uint16Array")
  })
})

test.each([
  ['int64', BigInt64Array.of(-2147483648n, 2147483647n), false],
  ['int64', BigInt64Array.of(0n, -2147483649n), true],
  ['uint64', BigUint64Array.of(2147483648n), true],
  ['uint64', BigUint64Array.of(2147483647n), false],
  ['uint32', Uint32Array.of(2147483648), true],
  ['float32', Float32Array.of(1e30), false],
])('%s %o: beyond 32 bits as the engine says it', (dtype, data, isBeyond) => {
  expect(isBeyond32Bits({ type: dtype, data })).toBe(isBeyond)
  expect(isBeyond32BitsThere({ dtype, shape: [data.length], data } as TensorValue)).toBe(isBeyond)
})

test('a library for another machine, and one that is none, say so in one line', async () => {
  const file = path.join(root, 'libopenvino_c.so')
  const open = () =>
    openLibrary(OPENVINO, { version: '2026.4', install: '' }, (koffi: { load(file: string): unknown }) => koffi.load(file))
  vi.stubEnv('OPENVINO_LIBRARY', file)
  fs.writeFileSync(file, elfFor(process.arch === 'arm64' ? 62 : 183))
  await expect(open()).rejects.toThrow(
    /libopenvino_c\.so cannot be used, the model was measured with OpenVINO 2026\.4: it is for (arm64|x64), and/,
  )
  fs.writeFileSync(file, 'no library')
  await expect(open()).rejects.toThrow(/cannot be used, the model was measured with OpenVINO 2026\.4: /)
})

/** The head of a library of Linux for this machine. */
function elfFor(machine: number): Buffer {
  const head = Buffer.alloc(64)
  head.write('\x7fELF', 'latin1')
  head.writeUInt16LE(machine, 18)
  return head
}
