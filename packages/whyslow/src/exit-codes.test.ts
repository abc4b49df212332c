// The exit code of each command: 0 for help, 2 for what it does not know or lacks.
import { fileURLToPath } from 'node:url'
import { keptScreen } from '@whyslow/command/support/terminal/example-screen.ts'
import { commandExit } from '@whyslow/command/terminal/usage-error.ts'
import { CommanderError } from 'commander'
import { describe, expect, test, vi } from 'vitest'
import { typed } from '../test/support/example-command-line.ts'
import { createProgram, documentedCommands } from './program.ts'
import { namesOf } from './routing/usage-line.ts'

const programOf = () =>
  createProgram({
    version: '1.2.3',
    screen: keptScreen({}),
    interrupt: () => {
      throw new Error('it began to measure')
    },
  })

async function exitCodeOf(...argv: readonly string[]): Promise<number> {
  try {
    await programOf().parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return commandExit(error, false).exitCode
  }
}

const below = documentedCommands(programOf()).slice(1)

describe.each(below.map((command) => [namesOf(command).slice(1), command] as const))('%j', (name, command) => {
  test('0 for its help', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const code = await exitCodeOf(...name, '--help')
    const texts = write.mock.calls.map(([text]) => String(text))
    write.mockRestore()
    expect([code, texts.join('')]).toEqual([0, expect.stringMatching(`^Usage: whyslow ${name.join(' ')} `)])
  })

  test('2 for an option that it does not have', async () => {
    expect(await exitCodeOf(...name, 'model.onnx', '--no-such-option')).toBe(2)
  })

  test('2 for an option without its value', async () => {
    const option = command.options.find(({ required }) => required)
    if (option !== undefined) expect(await exitCodeOf(...name, 'model.onnx', option.long!)).toBe(2)
  })

  test('2 without an argument that it needs, and for one more than it takes', async () => {
    const [first] = command.registeredArguments
    if (first?.required) expect(await exitCodeOf(...name)).toBe(2)
    if (command.registeredArguments.every(({ variadic }) => !variadic))
      expect(await exitCodeOf(...name, ...command.registeredArguments.map(() => 'a'), 'b')).toBe(2)
  })
})

const MODEL = fileURLToPath(new URL('../../../fixtures/models/credit_mlp.onnx', import.meta.url))
const found = (ratePerSecond: number) => ({ ratePerSecond, low: 90, high: 110, confirmed: 5 })
const load = (document: object) => async () =>
  ({ schema: 'whyslow-load/1', answer: 'The answer: 100 %.', search: { confirmingRuns: 5 }, found: null, ...document }) as never
const check = (verdict: string) => async () => ({ schema: 'whyslow-check/1', answer: 'The answer: 100 %.', verdict }) as never

describe.each([
  ['load --slo, no rate holds it', `load ${MODEL} --slo p99<20ms`, { load: load({}) }, 3],
  ['load --slo, a rate holds it', `load ${MODEL} --slo p99<20ms`, { load: load({ found: found(100) }) }, 0],
  ['load --slo --rate, reached', `load ${MODEL} --slo p99<20ms --rate 50,100`, { load: load({ found: found(100) }) }, 0],
  ['load --slo --rate, not reached', `load ${MODEL} --slo p99<20ms --rate 50,101`, { load: load({ found: found(100) }) }, 3],
  ['load without an objective', `load ${MODEL} --rate 50`, { load: load({ search: null }) }, 0],
  ['load --slo, undecided', `load ${MODEL} --slo p99<20ms`, { load: load({ search: { undecided: true } }) }, 'warning'],
  ['check, within', `check ${MODEL} --baseline ${MODEL}`, { check: check('within') }, 0],
  ['check, above', `check ${MODEL} --baseline ${MODEL}`, { check: check('above') }, 3],
  ['check, unclear', `check ${MODEL} --baseline ${MODEL}`, { check: check('unclear') }, 'warning'],
] as const)('%s', (_, line, stages, code) => {
  test.each([['true'], ['']])('GITHUB_ACTIONS=%s', async (actions) => {
    vi.stubEnv('GITHUB_ACTIONS', actions)
    const { exitCode, printed, said } = await typed(`${line} --quiet`, { stages: () => stages })
    expect([exitCode, printed]).toEqual([code === 'warning' ? 0 : code, 'The answer: 100 %.\n'])
    const warning = '::warning title=whyslow::The answer: 100 %25.\n'
    if (code === 3) expect(said).toMatch(/^whyslow: --(slo|fail-above) .*The answer: 100 %\.\n$/)
    else expect(said).toBe(code === 'warning' && actions === 'true' ? warning : '')
  })
})
