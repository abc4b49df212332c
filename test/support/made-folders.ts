// Temporary folders of the tests of one file. A module that many files of a worker share (vitest.config.ts, isolate: false) registers an afterAll for
// the first of them alone: seed.ts removes the folders after each.
import { rmSync } from 'node:fs'

const made: string[] = []

export const removeLater = (folder: string) => void made.push(folder)

export function removeMade(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
}
