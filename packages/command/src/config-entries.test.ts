import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { findOrt } from '@whyslow/measure/engines/onnxruntime/ort-node.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { checkConfig, checkConfigOfAny } from './config-entries.ts'
import { inTemporaryFolder } from './temporary-folder.ts'

/** The real library has 45 MB, which are read for each key that the table lacks. */
const small = { version: '1.30.0', from: fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-config-')) }
fs.writeFileSync(path.join(small.from, 'libonnxruntime.so.1'), '\0session.of_internal_use\0')
afterAll(() => fs.rmSync(small.from, { recursive: true }))

test('the engine that is installed: a key of the table, and one that is none', () => {
  const { version, folder: from } = findOrt(null)!
  const check = (entries: Record<string, string>) => () => checkConfig(entries, 'ort-cpu', { version, from })
  expect(check({ 'session.intra_op.allow_spinning': '0' })).not.toThrow()
  // Of internal use, so that the table leaves it out.
  expect(check({ 'session.inter_op_thread_affinities_are_not_a_key': '1' })).toThrow(/reads no such key/)
  expect(check({ 'ep.context_enable': '0' })).not.toThrow()
})

describe('an engine of which the table knows the keys', () => {
  const { version } = small
  const check = (entries: Record<string, string>) => () => checkConfig(entries, 'ort-cpu', small)

  test('a key that only its library has', () => {
    expect(check({ 'session.of_internal_use': '1' })).not.toThrow()
    expect(check({ 'session.of_internal_use_is_none': '1' })).toThrow(/reads no such key/)
  })

  test('a misspelled key: what was probably meant', () => {
    expect(check({ 'session.intra_op.alow_spinning': '0' })).toThrow(
      `--session-config session.intra_op.alow_spinning: ort-cpu ${version} reads no such key; did you mean session.intra_op.allow_spinning?`,
    )
    expect(check({ 'session.intra_op.allow_spin': '0' })).toThrow('did you mean session.intra_op.allow_spinning?')
  })

  test('a value that the key cannot have', () => {
    expect(check({ 'session.intra_op.allow_spinning': 'no' })).toThrow(
      '--session-config session.intra_op.allow_spinning=no: session.intra_op.allow_spinning takes 0 or 1; give another value',
    )
  })
})

test('an engine whose code is not found is believed', () =>
  inTemporaryFolder(async (folder) => {
    const engine = { version: '9.9.9', from: folder }
    expect(() => checkConfig({ 'some.key': '1' }, 'ort-cpu', engine)).not.toThrow()
    fs.writeFileSync(path.join(folder, 'libonnxruntime.so.9'), 'xx\0some.key\0yy')
    expect(() => checkConfig({ 'some.key': '1' }, 'ort-cpu', engine)).not.toThrow()
    expect(() => checkConfig({ 'some.ke': '1' }, 'ort-cpu', engine)).toThrow('reads no such key')
  }))

describe('an engine that lists its own keys', () => {
  const own = { version: '2026.4', from: '/lib', configuration: { CACHE_DIR: null, NUM_STREAMS: ['AUTO', '<n>'] } }
  const checkOwn = (entries: Record<string, string>) => () => checkConfig(entries, 'openvino', own)

  test('is held to them, and to the values that are known', () => {
    expect(checkOwn({ CACHE_DIR: 'anywhere', NUM_STREAMS: '4' })).not.toThrow()
    expect(checkOwn({ NUM_STREAMS: 'AUTO' })).not.toThrow()
    expect(checkOwn({ NUM_STREAMS: 'many' })).toThrow(
      '--session-config NUM_STREAMS=many: NUM_STREAMS takes AUTO or <n>; give another value',
    )
    expect(checkOwn({ CACHE_DR: 'x' })).toThrow(
      '--session-config CACHE_DR: openvino 2026.4 takes no such property; did you mean CACHE_DIR?',
    )
    expect(checkOwn({ 'session.intra_op.allow_spinning': '0' })).toThrow('takes no such property; leave it out')
  })

  test('of several engines one must take an entry', () => {
    const all = [
      { id: 'ort-cpu', engine: small },
      { id: 'openvino', engine: own },
    ]
    expect(() => checkConfigOfAny({ NUM_STREAMS: '2', 'session.intra_op.allow_spinning': '0' }, all)).not.toThrow()
    expect(() => checkConfigOfAny({ NUM_STREAMS: '2' }, all.slice(0, 1))).toThrow(/ort-cpu .* reads no such key/)
    expect(() => checkConfigOfAny({ NUM_STREAMS: '2' }, [])).not.toThrow()
  })
})
