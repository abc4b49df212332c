// Folders as installers leave them, made in a temporary one; nothing is loaded.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LibraryEnvironment, placeForShipping } from '../native-library.ts'
import { findLibrary } from './find-library.ts'
import { versionInFolder } from './version.ts'

const WHEEL = 'venv/lib/python3.12/site-packages'
let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-litert-'))
  const files = [`${WHEEL}/ai_edge_litert/libLiteRt.so`, `${WHEEL}/ai_edge_litert-2.3.0.dist-info/METADATA`, 'empty/notes.txt']
  for (const file of files) {
    fs.mkdirSync(path.dirname(at(file)), { recursive: true })
    fs.writeFileSync(at(file), '')
  }
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => path.join(folder, name)
const world = (env: LibraryEnvironment['env'] = {}): LibraryEnvironment => ({
  ...{ platform: 'linux', env, home: at('home'), nodeRuntime: null },
  linkerFolder: at('ld.so.conf.d'),
})

test('the wheel: of an environment that is named, that is active, or by its own folder', () => {
  const found = { ok: true, file: at(`${WHEEL}/ai_edge_litert/libLiteRt.so`), from: at(`${WHEEL}/ai_edge_litert`) }
  expect(findLibrary({ python: at('venv') }, world())).toEqual(found)
  expect(findLibrary({ litert: at('venv') }, world())).toEqual(found)
  expect(findLibrary({ litert: at(`${WHEEL}/ai_edge_litert`) }, world())).toEqual(found)
  expect(findLibrary({}, world({ VIRTUAL_ENV: at('venv') }))).toEqual(found)
  expect(findLibrary({}, world({ LITERT_LIBRARY: at('venv') }))).toEqual(found)
})

test('a place that is named and has none is said, with how to get it', () => {
  expect(findLibrary({ litert: at('empty') }, world({ VIRTUAL_ENV: at('venv') }))).toEqual({
    ok: false,
    reason: `--litert ${at('empty')}: no LiteRT library (libLiteRt.so) is there`,
    fix: 'pip install ai-edge-litert, or name its folder with --litert',
  })
})

test('its version is that of the wheel beside it', () => {
  expect(versionInFolder(at(`${WHEEL}/ai_edge_litert`))).toBe('2.3.0')
  expect(versionInFolder(at('empty'))).toBe('of unknown version')
})

test('a shipped folder is told where it is', () => {
  const file = at(`${WHEEL}/ai_edge_litert/libLiteRt.so`)
  expect(placeForShipping('LITERT_LIBRARY', findLibrary({ python: at('venv') }, world()))).toEqual({
    variable: 'LITERT_LIBRARY',
    file,
  })
  expect(placeForShipping('LITERT_LIBRARY', findLibrary({ litert: at('empty') }, world()))).toEqual({
    variable: 'LITERT_LIBRARY',
  })
})
