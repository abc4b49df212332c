// Exit codes as a shell gets them. Those of signals are in signals.test.ts, 3 (a goal that was missed) in check.test.ts and fix.test.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { ROOT } from '../root.ts'
import { fixture, folders, start, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())
const evidence = join(where.root, 'evidence.json')
writeFileSync(evidence, gunzipSync(readFileSync(join(ROOT, 'fixtures/golden/gru.evidence.json.gz'))))

/** In the process of the command, a document that was read is no longer one. */
const BUG = `data:text/javascript,${encodeURIComponent(`const own = JSON.parse
JSON.parse = (text, ...more) => {
  const value = own(text, ...more)
  if (value?.schema !== 'whyslow-evidence/1') return value
  return new Proxy(value, { get() { throw new TypeError('a planted bug') } })
}`)}`

describe.concurrent('the exit code', () => {
  test('0: it is done', async () => expect((await whyslow(where, 'explain', evidence)).status).toBe(0))

  test('1: a bug of its own', async () => {
    const { status, stdout, stderr } = await start(where, ['explain', evidence], { node: ['--import', BUG] }).ended
    expect([status, stdout, stderr]).toEqual([1, '', expect.stringMatching(/^whyslow: [^\n]*a planted bug[^\n]*\n$/)])
  })

  test.each<readonly [string, readonly string[]]>([
    ['why', ['none.onnx']],
    ['fix', ['fix', 'none.onnx', '-o', 'fast']],
    ['lint', ['lint', 'none.onnx']],
    ['compare', ['compare', 'none.onnx', fixture('lstm')]],
    ['pipeline', ['pipeline', 'none.mjs']],
    ['ab', ['ab', 'none.mjs', 'none.py']],
    ['quantize', ['quantize', 'none.onnx', '-o', 'small']],
    ['convert', ['convert', 'none.tflite', '-o', 'a.onnx']],
    ['distill', ['distill', 'none.onnx', '-o', 'small']],
    ['load', ['load', 'none.onnx', '--rate', '3']],
    ['serve', ['serve', 'none.onnx', '--port', '0']],
    ['check', ['check', 'none.onnx']],
    ['explain', ['explain', 'none.json']],
    ['view', ['view', 'none.json']],
    ['fleet', ['fleet', 'none.onnx']],
  ])('2: %s of a file that does not exist', async (_, argv) => {
    const { status, stdout, stderr } = await whyslow(where, ...argv)
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^whyslow: [^\n]+\n$/)])
  })
})
