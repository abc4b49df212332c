// bench/load/hostile-clients.mjs for a few seconds of each kind: no good client gets an error, and memory stays within its budget. What it does to
// latencies is for a machine that does nothing else.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../root.ts'
import { onlyFull } from './command.ts'

interface Row {
  readonly kind: string | null
  readonly requests: number
  readonly errors: readonly string[]
  readonly mostBytes: number
  readonly loopDelayMs: number
}

test('good clients are answered among slow, half-open, compressed, flooding and large ones', async (context) => {
  onlyFull(context, 'half a minute of clients that mean no good')
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
    const argv = [join(ROOT, 'bench/load/hostile-clients.mjs'), '3']
    execFile(process.execPath, argv, { maxBuffer: 1 << 26, timeout: 240_000 }, (_, out, err) =>
      resolve({ stdout: out, stderr: err }),
    )
  })
  const last = stdout.trim().split('\n').at(-1) ?? ''
  expect(last, stderr).toMatch(/^\{/)
  const { idleBytes, rows } = JSON.parse(last) as { idleBytes: number; rows: readonly Row[] }
  const kinds = ['slow-readers', 'slow-senders', 'half-open', 'gzip', 'stream-floods', 'large-json']
  expect(rows.map(({ kind }) => kind)).toEqual(kinds)
  for (const { kind, requests, errors, mostBytes, loopDelayMs } of rows) {
    expect([kind, requests, errors]).toEqual([kind, 300, []])
    expect(mostBytes - idleBytes, String(kind)).toBeLessThan(3 * 1024 ** 3)
    // Against a thread that reads 200 MB at once, which takes seconds; 250 ms where nothing else runs.
    expect(loopDelayMs, String(kind)).toBeLessThan(2000)
  }
})
