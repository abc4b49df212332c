// `whyslow mcp`: whyslow for coding agents, over standard input and output. Each call runs in a process of its own, as a command of the user
// does, so that nothing that an engine prints reaches the protocol.
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { checkPlaces, PLACES } from '@whyslow/command/terminal/model-flags.ts'
import { lineOf, type Message, startSupervised } from '@whyslow/command/terminal/supervise.ts'
import { endOf, textFrom } from '@whyslow/measure/processes/start-process.ts'
import type { FlagsOf } from '../options/flags.ts'
import type { StageProgress, Surroundings } from '../stages.ts'
import { createMcpServer } from './protocol/server.ts'
import type { RunCommand } from './protocol/tool.ts'
import { createTools, INSTRUCTIONS } from './tools.ts'

/** Serves until the client closes standard input, or until the signal is aborted. Throws UsageError or InputError for paths that do not exist. */
export async function runMcp(
  flags: FlagsOf<'mcp'>,
  { screen, signal, version }: Pick<Surroundings, 'screen' | 'signal'> & { readonly version: string },
): Promise<void> {
  checkPlaces(flags)
  const places = PLACES.flatMap((name) => (flags[name] === undefined ? [] : [`--${name}=${flags[name]}`]))
  const { server, end } = createMcpServer({
    version,
    tools: createTools(places),
    instructions: INSTRUCTIONS,
    run: runCommand,
    cwd: process.cwd(),
    named: flags.root ?? [],
    say: (line) => screen.say(`whyslow: ${line}\n`),
  })
  const closed = new Promise<void>((done) => {
    server.onclose = done
    for (const event of ['end', 'close', 'error'] as const) process.stdin.once(event, () => done())
    signal.addEventListener('abort', () => done(), { once: true })
  })
  await server.connect(new StdioServerTransport())
  await closed
  await end()
  await server.close()
  process.stdin.destroy()
}

const LONGEST_ANSWER = 1_000_000
/** Exit codes of commands that answered: a goal may be missed. */
const ANSWERED: ReadonlySet<number | null> = new Set([0, 3])

/** No colours, no progress for a terminal, and of Python what the user names when the server is started. */
const environment = (): NodeJS.ProcessEnv => {
  const { FORCE_COLOR: _, ...others } = process.env
  return { ...others, NO_COLOR: '1', WHYSLOW_PYTHON: 'off' }
}

const runCommand: RunCommand = async (words, { signal, onProgress }) => {
  let document: object | null = null
  const onMessage = (message: Message) => {
    if ('document' in message) document = message.document
    if ('progress' in message) onProgress(progressLine(message.progress))
  }
  const { child, ask, ended } = startSupervised(words, { stdio: ['ignore', 'pipe', 'pipe'], env: environment(), onMessage })
  const [text, errors] = [textFrom(child.stdout, LONGEST_ANSWER), endOf(child.stderr)]
  const stop = () => ask('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  const end = await ended
  signal.removeEventListener('abort', stop)
  const line = lineOf(end) ?? (end.code === 0 ? null : lastLine(errors()))
  return { exitCode: end.code ?? 1, text: text(), line, document: ANSWERED.has(end.code) ? document : null }
}

const progressLine = ({ stage, done, of, isNotice }: StageProgress): string =>
  isNotice || of <= 1 ? stage : `${stage} ${Math.min(done, of)}/${of}`

/** What the command says last on standard error, after what engines print there. */
function lastLine(errors: string): string | null {
  const own = errors.split('\n').filter((line) => line.startsWith('whyslow: '))
  return own.at(-1)?.slice('whyslow: '.length) ?? null
}
