import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { findOrt } from '../engines/onnxruntime/ort-node.ts'
import { checkConfig } from './config-entries.ts'
import { inTemporaryFolder } from './run.ts'

const { version, folder: from } = findOrt(null)!
const check = (entries: Record<string, string>) => () => checkConfig(entries, 'ort-cpu', { version, from })

describe('against the engine that is installed', () => {
  test('a key of the table, and one that only the engine has', () => {
    expect(check({ 'session.intra_op.allow_spinning': '0' })).not.toThrow()
    // Of internal use, so that the table leaves it out.
    expect(check({ 'session.inter_op_thread_affinities_are_not_a_key': '1' })).toThrow(/reads no such key/)
    expect(check({ 'session.disable_ep_context_model_validation_is_none': '1' })).toThrow(/reads no such key/)
    expect(check({ 'ep.context_enable': '0' })).not.toThrow()
  })

  test('a misspelled key: what was probably meant', () => {
    expect(check({ 'session.intra_op.alow_spinning': '0' })).toThrow(
      `--config session.intra_op.alow_spinning: ort-cpu ${version} reads no such key; did you mean session.intra_op.allow_spinning?`,
    )
    expect(check({ 'session.intra_op.allow_spin': '0' })).toThrow('did you mean session.intra_op.allow_spinning?')
  })

  test('a value that the key cannot have', () => {
    expect(check({ 'session.intra_op.allow_spinning': 'no' })).toThrow(
      '--config session.intra_op.allow_spinning=no: session.intra_op.allow_spinning takes 0 or 1; give another value',
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
