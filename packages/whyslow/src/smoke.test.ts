// Smoke tests of every command: once, from its words to its exit code, in this process, on a scripted machine, with scripted programs, servers and a
// scripted clock. Each asserts what would be missing if the command stopped working. Commands of each kind are in a file of their own:
// smoke-models.test.ts, smoke-machines.test.ts, smoke-code.test.ts and smoke-servers.test.ts.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { MODEL } from '@whyslow/command/support/example-trials.ts'
import { describe, expect, test } from 'vitest'
import { typed } from '../test/support/example-command-line.ts'
import { smoke, smokeFolder } from '../test/support/example-smoke.ts'
import { flags } from './options/flags.ts'

const { place } = smokeFolder()

smoke('completion', 'prints a script for the shell that is named', async () => {
  const { exitCode, printed } = await typed('completion bash')
  expect([exitCode, printed]).toEqual([0, expect.stringContaining('complete -o default -F _whyslow whyslow')])
  expect(await typed('completion tcsh')).toMatchObject({ exitCode: 2, printed: '' })
})

// What it answers to a client is in mcp/mcp.process.test.ts: it speaks on the standard output of its process.
smoke('mcp', 'refuses a folder that does not exist', async () => {
  expect(await typed(`mcp --root ${place('gone')}`)).toEqual({
    exitCode: 2,
    printed: '',
    said: `whyslow: --root ${place('gone')}: no such folder; give a folder that exists\n`,
  })
})

describe('the command line itself', () => {
  test.each([
    ['nothing', [], /^ {2}whyslow model\.onnx /],
    ['an unknown option', ['fix', MODEL, '--bogus'], /^whyslow: unknown option '--bogus'; see whyslow fix --help\n$/],
    [
      'a missing argument',
      ['compare'],
      /^whyslow: missing required argument 'models'; as in: whyslow compare model\.onnx; see whyslow compare --help\n$/,
    ],
    ['a file that does not exist', ['no-such.onnx'], /^whyslow: no-such\.onnx: no such file/],
  ])('%s is exit code 2 and one message', async (_, argv, message) => {
    expect(await typed(argv)).toEqual({ exitCode: 2, printed: '', said: expect.stringMatching(message) })
  })

  test('every command has a smoke test', () => {
    const files = readdirSync(import.meta.dirname).filter((name) => /^smoke.*\.test\.ts$/.test(name))
    const texts = files.map((name) => readFileSync(path.join(import.meta.dirname, name), 'utf8'))
    const tested = texts.flatMap((text) => [...text.matchAll(/^smoke\('([\w-]+)',/gm)].map(([, name]) => name!))
    expect(Object.keys(flags).filter((name) => !tested.includes(name))).toEqual([])
    expect(tested).toContain('why')
  })
})
