// A client in the test's own process, of a server whose commands are scripted.

import { pathToFileURL } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { type CallToolResult, ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { onTestFinished } from 'vitest'
import { createMcpServer, type ServerSetup } from '../../../../src/mcp/protocol/server.ts'
import type { CommandEnd, RunCommand, Tool } from '../../../../src/mcp/protocol/tool.ts'

/** A tool whose command line is its arguments: `model` and `data` are read, `out` is written. */
export const EXAMPLE_TOOL: Tool = {
  name: 'why',
  title: 'Why?',
  description: 'says why',
  inputSchema: { type: 'object', properties: { model: { type: 'string' } } },
  isReadOnly: true,
  words: (given, resolve) => ({
    ok: true,
    words: Object.entries(given).map(([name, path]) => `${name}=${resolve(path as string, name === 'out' ? 'output' : 'input')}`),
  }),
}

export const answered = (document: object | null, more: Partial<CommandEnd> = {}): CommandEnd => ({
  exitCode: 0,
  text: 'the answer\n',
  line: null,
  document,
  ...more,
})

interface Setup extends Partial<Omit<ServerSetup, 'run'>> {
  readonly cwd: string
  readonly run?: RunCommand
  /** The client's, asked each time; null: it offers none. */
  readonly roots?: (() => readonly string[]) | null
}

export async function exampleClient({ cwd, roots = () => [cwd], run = async () => answered({}), ...more }: Setup) {
  const said: string[] = []
  const commands: (readonly string[])[] = []
  const served = createMcpServer({
    version: '1.2.3',
    tools: [EXAMPLE_TOOL],
    instructions: 'measure first',
    named: [],
    say: (line) => void said.push(line),
    ...more,
    cwd,
    run(words, options) {
      commands.push(words)
      return run(words, options)
    },
  })
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: roots === null ? {} : { roots: { listChanged: true } } },
  )
  if (roots !== null)
    client.setRequestHandler(ListRootsRequestSchema, () => ({
      roots: roots().map((folder) => ({ uri: pathToFileURL(folder).href })),
    }))
  const [ours, its] = InMemoryTransport.createLinkedPair()
  await Promise.all([served.server.connect(ours), client.connect(its)])
  onTestFinished(() => client.close())
  return {
    client,
    served,
    /** Standard error. */
    said,
    /** Command lines that were run. */
    commands,
    call: (given: Record<string, unknown>, options: Parameters<Client['callTool']>[2] = {}) =>
      client.callTool({ name: 'why', arguments: given }, undefined, options) as Promise<CallToolResult>,
  }
}

/** The text of a result's first part. */
export const textOf = ({ content: [first] }: CallToolResult): string => (first?.type === 'text' ? first.text : '')
