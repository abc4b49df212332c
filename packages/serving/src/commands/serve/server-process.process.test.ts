import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { SERVE_DEFAULTS } from './serve.ts'
import { startServerProcess } from './server-process.ts'

test('variables are for the process of the server, not for this one', async () => {
  const { log: _, ...options } = SERVE_DEFAULTS
  const before = { ...process.env }
  // Node refuses the flag before it runs anything.
  const started = startServerProcess(
    { file: 'model.onnx', options: { ...options, folder: tmpdir() } },
    { env: { NODE_OPTIONS: '--no-such-flag' } },
  )
  await expect(started).rejects.toThrow(/model\.onnx: the process that opens it ended with code 9: .*--no-such-flag/)
  expect(process.env).toEqual(before)
})
