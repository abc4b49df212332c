// Lets Node import TypeScript in this process, without types being checked: tests and sources are imported by Node itself, not by Vite, whose way
// of running modules took a third of the time of all tests. Node 22.18 and newer does that by itself. It is loaded before each test file, in
// workers that run many of them, and by vitest.config.ts.
import { register } from 'node:module'

const DONE = Symbol.for('whyslow.native-typescript')

if (!process.features.typescript && globalThis[DONE] === undefined) {
  globalThis[DONE] = true
  register('./native-typescript-hooks.mjs', import.meta.url)
}
