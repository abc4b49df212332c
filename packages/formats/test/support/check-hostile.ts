// A text fixture with one thing changed for the worse: each is answered with one line that says what is wrong.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { describe, expect, test } from 'vitest'

/** What is changed, how, and what the line says. */
export type HostileCase = readonly [string, (text: string) => string, RegExp]

export function checkHostile(read: (file: string) => Promise<Model>, fixture: string, cases: readonly HostileCase[]): void {
  const original = path.resolve(import.meta.dirname, '../../../../fixtures/formats', fixture)

  describe('a hostile file is refused with one line', () => {
    test.each(cases)('%s', async (_, change, message) => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-hostile-'))
      try {
        const file = path.join(folder, path.basename(original))
        const text = fs.readFileSync(original, 'utf8')
        fs.writeFileSync(file, change(text))
        expect(change(text)).not.toBe(text)
        const error = await read(file).catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(InputError)
        expect((error as Error).message).toMatch(message)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not come through
        expect((error as Error).message).not.toMatch(/[\u0000-\u001f]/)
      } finally {
        fs.rmSync(folder, { recursive: true })
      }
    })
  })
}
