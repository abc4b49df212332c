// What the openvino.mjs and litert.mjs of shipped folders do before and after the library predicts; nothing native is loaded.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import type { DType } from '@whyslow/graph/types.ts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { thisSystem } from '../machine/system.ts'
import { openLibrary, ownKoffi, tensorsOf } from './folder-library.ts'
import { apiLoader } from './koffi.ts'
import { LITERT } from './litert/find-library.ts'
import { findNativeLibrary, libraryEnvironment } from './native-library.ts'
import { OPENVINO } from './openvino/find-library.ts'

let root: string
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-library-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  fs.rmSync(root, { recursive: true, force: true })
})

const measuredWith = { version: '2026.4', install: 'install it' }
const noFile = async (file: string) => file

describe.each([OPENVINO, LITERT])('$title', (library) => {
  test.each(['no home', 'an empty HOME'])('a user with %s has no packages, and a program is not ended by it', (what) => {
    vi.spyOn(os, 'homedir').mockImplementation(() => {
      if (what === 'an empty HOME') return ''
      throw new Error('A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)')
    })
    syncBuiltinESMExports()
    try {
      expect(libraryEnvironment().home).toBeNull()
      const read = vi.spyOn(thisSystem, 'list')
      findNativeLibrary(library, { folder: undefined, python: undefined }, { ...libraryEnvironment(), env: { PATH: '' } })
      expect(read.mock.calls.length).toBeGreaterThan(0)
      expect(read.mock.calls.filter(([folder]) => String(folder).includes('.local'))).toEqual([])
    } finally {
      vi.restoreAllMocks()
      syncBuiltinESMExports()
    }
  })

  test('what is named and has none is not passed over, in one line with what brings it', async () => {
    vi.stubEnv(library.variable, root)
    await expect(openLibrary(library, measuredWith, noFile)).rejects.toThrow(
      new RegExp(`^${library.variable} .*: no ${library.title} library \\(\\S+\\) is there: install it$`),
    )
  })

  test('what is named is taken', async () => {
    const file = path.join(root, (library.files[process.platform] ?? library.files.linux)![1])
    fs.writeFileSync(file, '')
    vi.stubEnv(library.variable, root)
    expect(await openLibrary(library, measuredWith, noFile)).toBe(file)
  })
})

const given = (dtype: DType, data: unknown, dims: readonly unknown[] = [2]) =>
  tensorsOf({ x: { type: dtype, data, dims: dims as number[] } }, [{ name: 'x', dtype, shape: null }]).x!.data

test.each([
  [[2, 3], 'are 6 numbers, and data has 4'],
  [[1], 'are 1 numbers, and data has 4'],
  [[], 'are 1 numbers, and data has 4'],
  [[-2, -2], 'dims are whole numbers from 0 on, not -2x-2'],
  [[0.5, 8], 'dims are whole numbers from 0 on, not 0.5x8'],
  [['2', 2], 'dims are whole numbers from 0 on, not 2x2'],
])('four numbers of shape %o never reach native memory', (dims, message) => {
  expect(() => given('float32', new Float32Array(4), dims)).toThrow(message)
})

describe('plain numbers, as onnxruntime takes them', () => {
  test('of 64 bits need be no BigInts', () => {
    expect(given('int64', [1, 2])).toEqual(BigInt64Array.of(1n, 2n))
    expect(given('int64', [1n, 2n])).toEqual(BigInt64Array.of(1n, 2n))
    expect(given('float32', [0.5, 1])).toEqual(Float32Array.of(0.5, 1))
  })

  test.each(['float16', 'bfloat16'] as const)('of %s would be taken for their bits, and are refused', (dtype) => {
    expect(() => given(dtype, [0.5, 1])).toThrow(`input 'x': data of ${dtype} is a Uint16Array`)
    expect(given(dtype, Uint16Array.of(1, 2))).toEqual(Uint16Array.of(1, 2))
  })
})

test('a library for another machine, and one that is none, say so in one line', async () => {
  const file = path.join(root, 'libopenvino_c.so')
  const load = apiLoader((koffi, found) => koffi.load(found), ownKoffi)
  const open = () => openLibrary(OPENVINO, measuredWith, load)
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
