// What hangs and what only takes long: processes that work or wait, without a word or after one.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { LINUX } from '../../../test/needs.ts'
import { runPass } from './driver.ts'
import { PHASES, type Plan } from './protocol.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-driver-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const plan = { pass: 'time', file: 'app.mjs' } as unknown as Omit<Plan, 'stateFile'>
const WORKS = 'const end = Date.now() + 2500; while (Date.now() < end);'
const WAITS = 'setTimeout(() => {}, 60_000);'
const ENDS = `console.log('{"kind":"bye"}');`

/** As the collector's: it says what the file is, and where it is. */
const at = (kind: string, phase: (typeof PHASES)[number]) => `
  console.log(JSON.stringify({ kind: 'imported', ms: 0, target: { kind: '${kind}', stages: ['predict'], places: [null] } }));
  const { stateFile } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
  const state = Buffer.alloc(16);
  state.writeInt32LE(${PHASES.indexOf(phase)}, 0);
  require('node:fs').writeFileSync(stateFile, state);
`

async function failureOf(code: string, busyMs: number) {
  const command = { executable: process.execPath, arguments: ['-e', code], messages: 1 } as const
  const limits = { stallMs: 1000, busyMs, timeMs: 60_000, memoryBytes: null }
  const { failure } = await runPass(command as never, plan, { limits, folder })
  return failure
}

describe.runIf(process.platform === 'linux')('a pass', LINUX, () => {
  test('that works, and has nothing to tell before its end, goes on', async () => {
    expect(await failureOf(WORKS + ENDS, 30_000)).toBeNull()
    expect(await failureOf(at('script', 'profiled') + WORKS + ENDS, 30_000)).toBeNull()
  })

  test.each([
    ['that waits', WAITS, 30_000, 'nothing happened'],
    ['that works longer than the limit that was named', WORKS, 0, 'nothing happened'],
    ['that works in a call, for it may go round in a circle', at('stages', 'timed') + WORKS, 30_000, 'nothing happened'],
    ['that works without an end', 'for (;;);', 1500, 'it worked'],
  ])('%s hangs', async (_, code, busyMs, did) => {
    const reason = expect.stringMatching(
      new RegExp(`^${did} for \\d+ s( without an end)?; if it only takes long, allow more with --timeout$`),
    )
    expect(await failureOf(code, busyMs)).toMatchObject({ how: 'timed-out', reason, place: null })
  })

  test('that hangs is told with the place where it stood, if its language says', async () => {
    const stands = "require('node:fs').writeFileSync(stateFile + '.place', JSON.stringify({ file: 'service.py', line: 31 }));"
    expect(await failureOf(at('script', 'profiled') + stands + WAITS, 30_000)).toMatchObject({
      how: 'timed-out',
      place: { file: 'service.py', line: 31 },
    })
  })
})
