// server.mjs of a shipped folder: `node server.mjs` serves it as OpenAI's API, on this machine alone unless told otherwise.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { InputError, isInputError } from '@whyslow/graph/input-error.ts'
import { isLoopback } from '@whyslow/measure/machine/loopback.ts'
import { textServer } from './server.ts'
import type { TextGenerator } from './text-generator.ts'

const USUAL = { port: 8080, host: '127.0.0.1', queueSize: 16, bodyLimit: 4 * 2 ** 20, newTokens: 1024 }
const USAGE = `node server.mjs [options]: this folder as a server of OpenAI's chat completions and completions, streamed or whole

  --port <n>         where it listens; 0: one that is free (default: ${USUAL.port})
  --host <address>   who may reach it; 0.0.0.0: everybody (default: ${USUAL.host})
  --name <name>      what clients call the model (default: the folder's)
  --queue-size <n>   requests that may wait while one is answered; more are refused with 429 (default: ${USUAL.queueSize})
  --body-limit <n>   bytes of the largest request (default: ${USUAL.bodyLimit})
  --max-tokens <n>   new tokens of requests that say no number (default: ${USUAL.newTokens})
  --allow-host <s>   a host name that a proxy may use for a server on loopback; * allows any (repeatable)
`

const log = (entry: Readonly<Record<string, unknown>>): boolean =>
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`)

async function main(): Promise<void> {
  const flags = readFlags()
  if (flags === null) {
    process.stdout.write(USAGE)
    return
  }
  const { load } = (await import(new URL('./generate.mjs', import.meta.url).href)) as { load(): Promise<TextGenerator> }
  const generator = await load()
  const { server, close } = textServer(generator, {
    name: flags.name,
    queueSize: flags.queueSize,
    mostBodyBytes: flags.bodyLimit,
    newTokens: flags.newTokens,
    isOwn: isLoopback(flags.host) ? (host) => isOwnHost(host, flags.allowed) : null,
    log,
  })
  server.listen(flags.port, flags.host)
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`cannot listen on port ${flags.port} (${error.code}): choose another with --port`)
  })
  const { port } = server.address() as AddressInfo
  const host = flags.host.includes(':') ? `[${flags.host}]` : flags.host
  log({ level: 'info', message: `serving http://${host}:${port}/v1`, model: flags.name })
  let signals = 0
  const end = async () => {
    if (++signals > 1) process.exit(1)
    await close()
    await generator.close()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end())
}

function isOwnHost(host: string, allowed: readonly string[]): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return isLoopback(name) || host === '' || allowed.includes('*') || allowed.includes(name)
}

interface Flags {
  readonly port: number
  readonly host: string
  readonly name: string
  readonly queueSize: number
  readonly bodyLimit: number
  readonly newTokens: number
  readonly allowed: readonly string[]
}

/** null: help. Throws InputError for what cannot be read. */
function readFlags(): Flags | null {
  const text = { type: 'string' } as const
  let values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
  try {
    values = parseArgs({
      options: {
        ...{ port: text, host: text, name: text, 'queue-size': text, 'body-limit': text, 'max-tokens': text },
        ...{ 'allow-host': { ...text, multiple: true }, help: { type: 'boolean', short: 'h' } },
      },
    }).values as typeof values
  } catch (error) {
    throw new InputError(`${(error as Error).message.split('\n')[0]}; node server.mjs --help lists the options`)
  }
  if (values.help) return null
  const whole = (flag: string, usual: number, least: number, most = Number.MAX_SAFE_INTEGER): number => {
    const value = values[flag] === undefined ? usual : Number(values[flag])
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InputError(`--${flag} ${values[flag]}: give a whole number from ${least}`)
    return value
  }
  return {
    port: whole('port', USUAL.port, 0, 65_535),
    host: (values.host as string | undefined) ?? USUAL.host,
    name: (values.name as string | undefined) ?? nameOfFolder(),
    queueSize: whole('queue-size', USUAL.queueSize, 0),
    bodyLimit: whole('body-limit', USUAL.bodyLimit, 1),
    newTokens: whole('max-tokens', USUAL.newTokens, 1),
    allowed: (values['allow-host'] as readonly string[] | undefined) ?? [],
  }
}

const nameOfFolder = (): string => JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')).name

main().catch((error) => {
  process.stderr.write(`${isInputError(error) ? error.message : (error as Error).stack}\n`)
  process.exit(isInputError(error) ? 2 : 1)
})
