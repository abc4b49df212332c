// The exit code of each command: 0 for help, 2 for what it does not know or lacks.
import { CommanderError } from 'commander'
import { describe, expect, test, vi } from 'vitest'
import { keptScreen } from '../terminal/example-screen.ts'
import { endingOf } from '../terminal/usage-error.ts'
import { createProgram } from './program.ts'

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
    return endingOf(error, false).exitCode
  }
}

describe.each(programOf().commands.map((command) => [command.name(), command] as const))('%s', (name, command) => {
  test('0 for its help', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const code = await exitCodeOf(name, '--help')
    const texts = write.mock.calls.map(([text]) => String(text))
    write.mockRestore()
    expect([code, texts.join('')]).toEqual([0, expect.stringMatching(`^Usage: whyslow ${name} `)])
  })

  test('2 for an option that it does not have', async () => {
    expect(await exitCodeOf(name, 'model.onnx', '--no-such-option')).toBe(2)
  })

  test('2 for an option without its value', async () => {
    const option = command.options.find(({ required }) => required)
    if (option !== undefined) expect(await exitCodeOf(name, 'model.onnx', option.long!)).toBe(2)
  })

  test('2 without an argument that it needs, and for one more than it takes', async () => {
    const [first] = command.registeredArguments
    if (first?.required) expect(await exitCodeOf(name)).toBe(2)
    if (command.registeredArguments.every(({ variadic }) => !variadic))
      expect(await exitCodeOf(name, ...command.registeredArguments.map(() => 'a'), 'b')).toBe(2)
  })
})
