// Where tests of tasks put models and inputs.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** A temporary folder of the test file that calls it, gone after its last test. */
export function folderOfTests(): string {
  const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
