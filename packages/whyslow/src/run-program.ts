// One command line from its words to its exit code, in whatever world the program is made.
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { withoutPasswords } from '@whyslow/report/text/addresses.ts'
import { CommanderError } from 'commander'
import { isModelFile } from './compose/kind-of-file.ts'
import { briefHelp } from './help.ts'
import { createProgram, type World } from './program.ts'
import { route } from './routing/route.ts'
import { usageLine } from './routing/usage-line.ts'

/** Environment variables that hold addresses which messages may quote. */
const ADDRESSES = ['WHYSLOW_QUEUE', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'] as const

/** The exit code. `ended`: reports an error of a command, and gives its exit code. */
export async function runProgram(argv: readonly string[], world: World, ended: (error: unknown) => number): Promise<number> {
  const program = createProgram(world)
  if (argv.length === 0) {
    world.screen.say(briefHelp(program))
    return 2
  }
  let words = argv
  try {
    const routed = await route(withCommandName(argv), program)
    words = routed.argv
    if (routed.notice !== undefined) world.screen.say(`whyslow: ${routed.notice}\n`)
    await program.parseAsync([...words], { from: 'user' })
    return 0
  } catch (error) {
    if (!(error instanceof CommanderError)) return ended(error)
    if (error.exitCode === 0) return 0
    world.screen.say(`whyslow: ${hidePasswords(usageLine(error, program, words), argv)}\n`)
    return 2
  }
}

/**
 * `whyslow [flags] -- node server.js`: the user's own command. A model is a model after `--` too, even with the executable bit, which all files
 * of some disks have; so is one word that is a file which cannot be executed, as every program takes names that begin with a dash.
 */
export function withCommandName(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf('--')
  if (at < 0 || !argv[0]!.startsWith('-')) return argv
  const [first, ...others] = argv.slice(at + 1)
  const isCommand = first !== undefined && !isModelFile(first) && (others.length > 0 || !existsSync(first) || isExecutable(first))
  return isCommand ? ['watch', ...argv] : argv
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** The text without the passwords of what was named: messages quote arguments, and packages the addresses that they were given. */
export function hidePasswords(text: string, argv: readonly string[]): string {
  const named = argv.map((one) => one.replace(/^--[a-z-]+=/, ''))
  const given = [...named, ...ADDRESSES.map((name) => process.env[name] ?? '')]
  return withoutPasswords(text, { addresses: given.filter((one) => one.includes('://')) })
}
