import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { needs } from '../../../../../../test/needs.ts'
import { findOrt } from '../ort-node.ts'
import { configKeys, knowsKey, whyInvalidValue } from './config-keys.ts'
import { optimizers } from './optimizers.ts'

describe('knowsKey', () => {
  it('knows a key from its first version on', () => {
    const key = 'session.intra_op.spin_duration_us'
    const { since } = configKeys.find(({ name }) => name === key)!
    const minor = Number(since.split('.')[1])
    expect(
      [`1.${minor - 1}.9`, `1.${minor}.0`, `1.${minor}`, '1.99.0', `1.${minor}.0-dev.20260101`].map((v) => knowsKey(v, key)),
    ).toEqual([false, true, true, true, true])
  })

  it('knows nothing of versions that it cannot place, and no key that is not in the table', () => {
    for (const version of ['', 'unknown', '0.9', '2.0.0', '1', 'v1.30.0', '11.30.0']) {
      expect(knowsKey(version, 'session.set_denormal_as_zero'), version).toBe(false)
    }
    // Names seen in the wild that no version reads.
    for (const key of ['session.allow_spinning', 'session.nonsense', 'session.use_mmap_prefix', '']) {
      expect(knowsKey('1.30.0', key), key).toBe(false)
    }
  })
})

describe('whyInvalidValue', () => {
  it('says what a key takes', () => {
    expect(whyInvalidValue('session.set_denormal_as_zero', 'yes')).toBe('session.set_denormal_as_zero takes 0 or 1')
    expect(whyInvalidValue('session.dynamic_block_base', '4x')).toBe('session.dynamic_block_base takes a whole number')
    expect(whyInvalidValue('optimization.disable_specified_optimizers', '')).toMatch(/takes names of optimizers/)
  })

  it('is null for what it takes, and for keys that it does not know', () => {
    expect(whyInvalidValue('session.set_denormal_as_zero', '1')).toBeNull()
    expect(whyInvalidValue('session.dynamic_block_base', '4')).toBeNull()
    expect(whyInvalidValue('session.nonsense', '')).toBeNull()
  })
})

describe('the tables', () => {
  it('name each key and each optimizer once', () => {
    for (const names of [configKeys.map(({ name }) => name), optimizers.map(({ name }) => name)]) {
      expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
    }
  })

  const library = libraryOf()
  test.skipIf(library === null)('hold what the installed binary holds', needs('onnxruntime-node for Linux x64'), () => {
    const { version, text } = library!
    const expected = configKeys.filter(({ name, architecture }) => architecture === undefined && knowsKey(version, name))
    expect(expected.length).toBeGreaterThan(40)
    expect(expected.filter(({ name }) => !text.includes(name)).map(({ name }) => name)).toEqual([])
    // And none that it should not: a key said to come later is not there yet.
    const later = configKeys.filter(({ name }) => !knowsKey(version, name))
    expect(later.filter(({ name }) => text.includes(name)).map(({ name }) => name)).toEqual([])
  })

  test.skipIf(library === null || !library.version.startsWith('1.30.'))(
    'name optimizers of 1.30',
    needs('onnxruntime-node 1.30 for Linux x64'),
    () => {
      const { text } = library!
      expect(optimizers.filter(({ name }) => !text.includes(name)).map(({ name }) => name)).toEqual([])
    },
  )
})

function libraryOf(): { version: string; text: string } | null {
  const found = findOrt(null)
  if (found === null || process.platform !== 'linux' || process.arch !== 'x64') return null
  try {
    const bytes = readFileSync(path.join(found.folder, 'bin/napi-v6/linux/x64/libonnxruntime.so.1'))
    return { version: found.version, text: wordsIn(bytes) }
  } catch {
    return null
  }
}

/** The words of 8 letters and more, since a search through all of 45 MB takes longer for each name. */
function wordsIn(bytes: Buffer): string {
  const words: string[] = []
  let from = 0
  for (let at = 0; at <= bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte > 32 && byte < 127) continue
    if (at - from >= 8) words.push(bytes.toString('latin1', from, at))
    from = at + 1
  }
  return words.join('\n')
}
