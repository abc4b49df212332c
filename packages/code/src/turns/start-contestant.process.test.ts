// A program that ends while what it started lives: that is told at once, and nothing stays.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { LINUX } from '../../../../test/needs.ts'
import { isRunning } from '../../../../test/support/processes.ts'
import { startContestant } from './start-contestant.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-contestant-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let contestants = 0
/** `END`: what becomes of it after it has left a process behind that holds its pipes open. */
function program(end: string): string {
  const file = join(folder, `contestant-${++contestants}.mjs`)
  writeFileSync(
    file,
    `import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
export function predict() {
  const code = 'setTimeout(() => {}, 600_000)'
  const left = spawn(process.execPath, ['-e', code], { detached: true, stdio: 'inherit' })
  left.unref()
  writeFileSync(import.meta.filename + '.pid', String(left.pid))
  ${end}
}
`,
  )
  return file
}

test.runIf(process.platform === 'linux').for([
  ['ends', 'process.exit(7)', /its process ended with code 7/],
  ['never answers', 'for (;;) {}', /it gave no answer within 2 s/],
] as const)('one that %s leaves no process', LINUX, async ([, end, said]) => {
  const file = program(end)
  const contestant = startContestant({ file, language: 'javascript', call: null, interpreter: [process.execPath] })
  await contestant.ask({ ask: 'open', file, call: null }, 30_000)
  const none = { tree: { kind: 'nothing', type: 'undefined' }, buffers: [] } as const
  await contestant.ask({ ask: 'give', samples: [none] }, 30_000)
  await expect(contestant.ask({ ask: 'output', sample: 0 }, 2000)).rejects.toThrow(said)
  await contestant.end()
  const pid = Number(readFileSync(`${file}.pid`, 'utf8'))
  await expect.poll(() => isRunning(pid)).toBe(false)
})
