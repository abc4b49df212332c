// Temporary folders of the tests of one file. A module that many files of a worker share (vitest.config.ts, isolate: false) registers an afterAll for
// the first of them alone: seed.ts removes the folders after each.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made: string[] = []

export const removeLater = (folder: string) => void made.push(folder)

/** An empty folder that is removed when the file's tests have ended. */
export function scratch(prefix = 'whyslow-ship-'): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)))
  removeLater(folder)
  return folder
}

export function removeMade(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
}
