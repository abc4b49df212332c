// Usage: exit codes and one line on standard error, in this process; the built command as a shell runs it where it prints by itself.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { typed } from '../test/support/example-command-line.ts'

const main = fileURLToPath(new URL('../../../dist/whyslow/main.js', import.meta.url))
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
const here = fileURLToPath(import.meta.url)

function spawned(...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...argv], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

async function whyslow(...argv: string[]) {
  const { exitCode: status, printed: stdout, said: stderr } = await typed(argv)
  return { status, stdout, stderr }
}

describe('whyslow', () => {
  test('without arguments shows on standard error what to type, and ends with 2', () => {
    const { status, stdout, stderr } = spawned()
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(
      /^ {2}whyslow model\.onnx {2,}[^\n]+\n {2}whyslow service\.py [^\n]+\n {2}whyslow -- npm start [^\n]+\n {2}whyslow http:[^\n]+\n\nDiagnose:\n/,
    )
    expect(stderr.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  test('--version prints the version of the package', () => {
    expect(spawned('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  })

  test.each([[['--help']], [['explain', '--help']], [['machine', '--help']]])(
    '%j gives help with examples in 80 columns',
    (argv) => {
      const { status, stdout, stderr } = spawned(...argv)
      expect([status, stderr]).toEqual([0, ''])
      expect(stdout).toContain('Examples:')
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    },
  )

  test.each([
    [['study', 'postgres://u:se/cret@h/db']],
    [['study', '--store', 'mysql://u:se%2Fcret@h/db?password=se/cret']],
    [['check', 'a.onnx', '--against', 'POSTGRES://u:se/cret@h/db']],
    [['history', '--store=redis://:se/cret@h']],
    [['agent', '--queue', 'rediss://u:se/cret@h', '--shared-models', here]],
    [['agent', '--queue', 'redis://127.0.0.1:1', '--shared-models', 'http://u:se/cret@h/x']],
    [['postgres://u:se/cret@h/db']],
    [['fleet', 'a.onnx', '--no-such=postgres://u:se/cret@h/db']],
  ])('%j ends with 2, and says nothing of the password', async (argv) => {
    const { status, stdout, stderr } = await whyslow(...argv)
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^whyslow: (?!.*(cret|se\/|se%2F))[^\n]+\n$/)])
  })

  test.each([
    [['model.onnx', '--thraeds', '2'], "unknown option '--thraeds'; did you mean --threads?"],
    [['model.onnx', '--thraeds=2'], "unknown option '--thraeds'; did you mean --threads?"],
    [['machine', '--refesh'], "unknown option '--refesh'; did you mean --refresh?"],
    [['explian', 'e.json'], "unknown command 'explian'; try: whyslow explain e.json"],
    [['a.onnx', 'b.onnx'], 'a.onnx: no such file; check the path'],
    [['model.onnx', '--secnds', '2'], "unknown option '--secnds'; did you mean --duration?"],
    [['model.onnx', '--durat', '2'], "unknown option '--durat'; did you mean --duration?"],
    [['model.onnx', '--no-progres'], "unknown option '--no-progres'; did you mean --no-progress?"],
    [['check', 'model.onnx', '--percentile', 'p100'], 'give a percentile below 100, as in p99 or p99.9'],
    [
      ['model.onnx', '--duration', 'soon'],
      "option '--duration <duration>' cannot be 'soon': give a duration: 10, 10s, 2m, 500ms or 1h",
    ],
    [['model.onnx', '--batch', '0'], "option '--batch <n>' cannot be '0': give a whole number above 0, as in 4"],
    [['model.onnx', '--graph-optimization', 'most'], 'give one of disabled, basic, extended, all'],
    [['model.onnx', '--shape', 'x=1x2', '--shape', 'x=3'], "'x' is given twice"],
    [['model.onnx', '--threads'], "option '--threads <n>' argument missing"],
    [['explain'], "missing required argument 'files'; as in: whyslow explain evidence.json; see whyslow explain --help"],
    [['no-such-model.onnx', '--engine', 'no-such-engine'], 'no-such-model.onnx: no such file'],
    [['explain', here], 'no trace that is known'],
  ])('%j is one line and exit code 2', async (argv, message) => {
    const { status, stdout, stderr } = await whyslow(...argv)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^whyslow: [^\n]+\n$/)
    expect(stderr).toContain(message)
  })
})
