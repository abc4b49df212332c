// Folders as installers leave them, made in a temporary one; nothing is loaded.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findLibrary, type LibraryEnvironment } from './find-library.ts'

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-openvino-'))
  for (const file of [
    'venv/lib/python3.9/site-packages/openvino/libs/libopenvino_c.so.2640',
    'venv/lib/python3.12/site-packages/openvino/libs/libopenvino_c.so.2641',
    'venv/lib/python3.12/site-packages/openvino/libs/libopenvino.so.2641',
    'venv/bin/python3',
    'archive/runtime/lib/intel64/libopenvino_c.so',
    'archive/runtime/lib/intel64/libopenvino_c.so.2541',
    'node/bin/libopenvino_c.so.2630',
    'system/libopenvino_c.so.2620',
    'windows/Lib/site-packages/openvino/libs/openvino_c.dll',
    'empty/notes.txt',
    'linked/libopenvino_c.so.2610',
    'ld.so.conf.d/other.conf',
    'ld.so.conf.d/notes.txt',
  ]) {
    fs.mkdirSync(path.dirname(at(file)), { recursive: true })
    fs.writeFileSync(at(file), '')
  }
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => path.join(folder, name)
const world = (given: Partial<LibraryEnvironment> = {}): LibraryEnvironment => ({
  platform: 'linux',
  env: {},
  home: at('home'),
  nodeRuntime: null,
  linkerFolder: at('ld.so.conf.d'),
  ...given,
})
const fileOf = (places: Parameters<typeof findLibrary>[0], given: Partial<LibraryEnvironment> = {}): string | undefined => {
  const found = findLibrary(places, world(given))
  return found.ok ? path.relative(folder, found.file) : undefined
}
const NEWEST = 'venv/lib/python3.12/site-packages/openvino/libs/libopenvino_c.so.2641'

describe('what was named', () => {
  test.each([
    ['the libraries’ own folder', 'venv/lib/python3.12/site-packages/openvino/libs', NEWEST],
    ['a library', NEWEST, NEWEST],
    ['a virtual environment: its newest Python', 'venv', NEWEST],
    ['an archive: the newest of its versions', 'archive', 'archive/runtime/lib/intel64/libopenvino_c.so.2541'],
    ['a package', 'node', 'node/bin/libopenvino_c.so.2630'],
  ])('%s', (_, openvino, file) => {
    expect(fileOf({ openvino: at(openvino) })).toBe(file)
    expect(fileOf({}, { env: { OPENVINO_LIBRARY: at(openvino) } })).toBe(file)
  })

  test('a Python, by its interpreter or its folder', () => {
    expect(fileOf({ python: at('venv/bin/python3') })).toBe(NEWEST)
    expect(fileOf({ python: at('venv') })).toBe(NEWEST)
    expect(fileOf({ python: at('windows') }, { platform: 'win32' })).toContain('openvino_c.dll')
  })

  test('goes before what is there anyway, and is not passed over where it has nothing', () => {
    const env = { VIRTUAL_ENV: at('venv'), OPENVINO_LIBRARY: at('empty') }
    expect(fileOf({ openvino: at('node') }, { env })).toBe('node/bin/libopenvino_c.so.2630')
    expect(findLibrary({}, world({ env }))).toMatchObject({
      ok: false,
      reason: `OPENVINO_LIBRARY ${at('empty')}: no OpenVINO library (libopenvino_c.so) is there`,
      fix: expect.stringContaining('pip install openvino'),
    })
  })

  test('but for a Python that has none: it may be named for something else', () => {
    expect(fileOf({ python: at('empty') }, { env: { OPENVINO_LIBRARY: at('node') } })).toBe('node/bin/libopenvino_c.so.2630')
    expect(fileOf({ python: at('empty') }, { nodeRuntime: at('node/bin') })).toBe('node/bin/libopenvino_c.so.2630')
    expect(findLibrary({ python: at('empty') }, world())).toMatchObject({
      ok: false,
      reason: expect.stringContaining(`OpenVINO was not found in --python ${at('empty')}, in openvino-node`),
    })
  })

  test('a Python by a link to where it is installed, but for an environment’s', () => {
    fs.mkdirSync(at('links'), { recursive: true })
    fs.symlinkSync(at('venv/bin/python3'), at('links/python3'))
    fs.mkdirSync(at('other/bin'), { recursive: true })
    fs.writeFileSync(at('other/pyvenv.cfg'), '')
    fs.symlinkSync(at('venv/bin/python3'), at('other/bin/python3'))
    expect(fileOf({ python: at('other/bin/python3') })).toBeUndefined()
    expect(fileOf({ python: at('links/python3') })).toBe(NEWEST)
    expect(fileOf({}, { env: { PATH: at('links') } })).toBe(NEWEST)
    expect(fileOf({ python: 'python3' }, { env: { PATH: at('links'), OPENVINO_LIBRARY: at('node') } })).toBe(NEWEST)
  })

  test('a file that is named is tried whatever it is: the system says what is wrong with it', () => {
    expect(fileOf({ openvino: at('empty/notes.txt') })).toBe('empty/notes.txt')
  })
})

test('untold: the npm package, the active environment, the Python on the path, the system', () => {
  const env = { VIRTUAL_ENV: at('venv'), LD_LIBRARY_PATH: at('system') }
  expect(fileOf({}, { env, nodeRuntime: at('node/bin') })).toBe('node/bin/libopenvino_c.so.2630')
  expect(fileOf({}, { env })).toBe(NEWEST)
  expect(fileOf({}, { env: { PATH: at('venv/bin') } })).toBe(NEWEST)
  expect(fileOf({}, { env: { INTEL_OPENVINO_DIR: at('archive') } })).toBe('archive/runtime/lib/intel64/libopenvino_c.so.2541')
  expect(fileOf({}, { env: { LD_LIBRARY_PATH: at('system') } })).toBe('system/libopenvino_c.so.2620')
  expect(fileOf({})).toBeUndefined()
  fs.writeFileSync(at('ld.so.conf.d/notes.txt'), at('node/bin'))
  fs.writeFileSync(at('ld.so.conf.d/other.conf'), `# libraries\n${at('linked')}\n`)
  expect(fileOf({})).toBe('linked/libopenvino_c.so.2610')
})

test('a system that has no library of that name', () => {
  expect(findLibrary({ openvino: at('venv') }, world({ platform: 'aix' }))).toMatchObject({ ok: false })
})
